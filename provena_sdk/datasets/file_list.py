"""A dataset's files as a list that prints as a tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from provena_sdk.display.amounts import counted, human_size
from provena_sdk.display.html import Html
from provena_sdk.display.tree import Tree
from provena_sdk.s3.models import FileInfo
from provena_sdk.views.tabular import TabularList


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
