"""A dataset's files as a list that prints as a tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, NamedTuple

from provena_sdk.display.amounts import counted, human_size
from provena_sdk.display.html import Html
from provena_sdk.display.tables import MOST_ROWS
from provena_sdk.display.text import quoted
from provena_sdk.display.tree import Tree
from provena_sdk.errors import InvalidArgument
from provena_sdk.s3.models import FileInfo
from provena_sdk.views.tabular import TabularList


class FolderSize(NamedTuple):
    """A folder's size, with all below it.

    Attributes:
        path: The folder, ending in a slash; empty for the folder of all files.
        files: The number of files in it and below.
        size: Their size in bytes.
    """

    path: str
    files: int
    size: int

    def __repr__(self) -> str:
        return f"<FolderSize {quoted(self.path, 120)}, {counted(self.files)}, {human_size(self.size)}>"


class FolderSizes(TabularList[FolderSize]):
    """The sizes of folders, largest first, as :meth:`FileList.folders` returns them."""

    __slots__ = ()
    noun: ClassVar = ("folder", "folders")
    _columns: ClassVar = ("path", "files", "size")
    _index: ClassVar = "path"

    def _rows(self) -> Sequence[Sequence[object]]:
        return list(self)

    def _cells(self) -> tuple[Sequence[str], Sequence[Sequence[object]], int]:
        rows = [(human_size(one.size), counted(one.files), one.path or ".") for one in self[:MOST_ROWS]]
        return ("size", "files", "path"), rows, len(self)


class FileList(TabularList[FileInfo]):
    """Files of a dataset, as a list that prints as a tree of folders with their sizes.

    Example:
        >>> files = provena.datastore.interactive_dataset("10378.1/1900011").list_files()
        >>> files[1:]
        <FileList of 1, 32 B>
        >>> print(files[1:])
        1 file, 32 B
        obs/        32 B  1 file
          2024.csv  32 B
    """

    __slots__ = ()
    noun: ClassVar = ("file", "files")
    _columns: ClassVar = ("path", "name", "suffix", "size", "modified", "etag")
    _index: ClassVar = "path"
    _types: ClassVar = {"modified": "time"}

    @property
    def total_bytes(self) -> int:
        """The size of all of them in bytes."""
        return sum(file.size for file in self)

    def folders(self, depth: int | None = None) -> FolderSizes:
        """Add up the sizes of the folders.

        Args:
            depth: How many levels of folders to list; 0 for the total alone, None for all.

        Returns:
            The folders, largest first: the first one, with an empty path, holds all files.

        Example:
            >>> files = provena.datastore.interactive_dataset("10378.1/1900011").list_files("obs")
            >>> print(files.folders())
            size  files   path
            32 B  1 file  .
            32 B  1 file  obs/
        """
        sizes: dict[str, list[int]] = {}
        for file in self:
            for folder in _folders(file.path, depth):
                known = sizes.setdefault(folder, [0, 0])
                known[0] += 1
                known[1] += file.size
        found = [FolderSize(path, *known) for path, known in sizes.items()]
        return FolderSizes(sorted(found, key=lambda one: (-one.size, one.path)))

    def tree(self, depth: int | None = None) -> Tree:
        """Return the whole tree of folders; printing the list itself shows its first lines.

        Args:
            depth: How many levels to show; None for all.

        Returns:
            The tree, to be printed; ``.to_dict()`` gives it as nested dictionaries.

        Raises:
            InvalidArgument: ``depth`` is not 1 or more.

        Example:
            >>> print(provena.datastore.interactive_dataset("10378.1/1900011").list_files("obs").tree())
            obs/        32 B  1 file
              2024.csv  32 B
        """
        if depth is not None and depth < 1:
            raise InvalidArgument("depth", "must be at least 1.")
        return Tree(((file.path, file.size) for file in self), whole=True, depth=depth)

    def _rows(self) -> Sequence[Sequence[object]]:
        return [(file.path, file.name, file.suffix, file.size, file.modified, file.etag) for file in self]

    def _title(self) -> str:
        return f"{counted(len(self))}, {human_size(self.total_bytes)}"

    def _tree(self) -> Tree:
        return Tree((file.path, file.size) for file in self)

    def __str__(self) -> str:
        return f"{self._title()}\n{self._tree()}" if self else self._title()

    def _html(self) -> Html | None:
        return self._tree().to_html() if self else None

    def __repr__(self) -> str:
        return f"<FileList of {len(self):,}, {human_size(self.total_bytes)}>"


def _folders(path: str, depth: int | None) -> Iterator[str]:
    """Yield the folders above a file, from the empty path of them all.

    Example:
        >>> list(_folders("obs/2024/a.csv", None)), list(_folders("obs/2024/a.csv", 1))
        (['', 'obs/', 'obs/2024/'], ['', 'obs/'])
    """
    yield ""
    end, level = path.find("/"), 1
    while end >= 0 and (depth is None or level <= depth):
        yield path[: end + 1]
        end, level = path.find("/", end + 1), level + 1
