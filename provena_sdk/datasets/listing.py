"""List a dataset's files and look up one of them."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from typing import Final

from provena_sdk.datasets.file_list import FileList
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.datasets.paths import folded
from provena_sdk.display.text import quoted
from provena_sdk.errors import DatasetFileNotFound
from provena_sdk.s3.models import FileInfo, Page

_SEARCHED: Final = 10_000
_SUGGESTED: Final = 3
_SUGGESTION_CHARACTERS: Final = 100
# A lower value would suggest names that share only an extension.
_LIKENESS: Final = 0.75
_NEVER: Final = datetime.fromtimestamp(0, UTC)


async def each_entry(files: DatasetFiles, folder: str = "") -> AsyncIterator[FileInfo]:
    """Yield every key below a folder of the dataset, including the folder markers that some tools create.

    Args:
        files: The dataset.
        folder: The folder, ending in a slash; empty for the whole dataset.
    """
    async for page in files.objects.list(folder):
        for info in page.files:
            yield info


def is_marker(info: FileInfo) -> bool:
    """Return whether a key only marks that a folder exists."""
    return info.path.endswith("/")


async def files_at(files: DatasetFiles, path: str) -> tuple[FileList, str]:
    """Return the files that a path names, in the order of their keys, and the folder that they lie in.

    Args:
        files: The dataset.
        path: A file or a folder; with a slash at its end, a folder; empty for the whole dataset.

    Returns:
        The files, and the part of their paths that names the folder: ``obs/`` for ``obs``, and for ``obs/2024.csv``.

    Raises:
        DatasetFileNotFound: There is neither such a file nor such a folder.
    """
    alone = await _file_alone(files, path)
    if alone is not None:
        return FileList([alone]), path[: path.rfind("/") + 1]
    folder = as_folder(path)
    entries = [info async for info in each_entry(files, folder)]
    if folder and not entries:
        raise await not_found(files, path)
    return FileList(info for info in entries if not is_marker(info)), folder


async def list_files(files: DatasetFiles, path: str = "") -> FileList:
    """List the files that a path names; see :func:`files_at`."""
    found, _ = await files_at(files, path)
    return found


def as_folder(path: str) -> str:
    """Return the prefix of the paths in a folder.

    Example:
        >>> as_folder("obs"), as_folder("obs/"), as_folder("")
        ('obs/', 'obs/', '')
    """
    return f"{path.removesuffix('/')}/" if path else ""


async def _file_alone(files: DatasetFiles, path: str) -> FileInfo | None:
    return None if not path or path.endswith("/") else await look_up(files, path)


class FilePages:
    """The files of a dataset, page by page, for a reader who may stop, and who may ask for a page again after an error.

    Args:
        open_files: Opens the dataset to be read.
        path: A file or a folder; empty for the whole dataset.
    """

    def __init__(self, open_files: Callable[[], Coroutine[None, None, DatasetFiles]], path: str = "") -> None:
        self._open_files = open_files
        self._path = path
        self._pages: AsyncIterator[Page] | None = None
        self._upto = ""

    async def after(self, path: str) -> tuple[list[FileInfo], str | None]:
        """Return the next files in the order of their keys, without folder markers, and the path to continue after.

        Args:
            path: The last path of the page before; empty for the first page.

        Raises:
            DatasetFileNotFound: There is neither such a file nor such a folder; raised for the first page.
        """
        # Taken away while it is used, so that a failed or abandoned call does not advance the pages of a later one.
        pages, self._pages = (self._pages if path == self._upto else None), None
        if pages is not None:
            return await self._next(pages)
        files = await self._open_files()
        alone = None if path else await _file_alone(files, self._path)
        if alone is not None:
            return [alone], None
        found, upto = await self._next(files.objects.list(as_folder(self._path), start_after=path))
        if upto is None and self._path and not path:
            raise await not_found(files, self._path)
        return found, upto

    async def _next(self, pages: AsyncIterator[Page]) -> tuple[list[FileInfo], str | None]:
        async for page in pages:
            if page.files:
                self._pages, self._upto = pages, page.files[-1].path
                return [info for info in page.files if not is_marker(info)], self._upto
        return [], None


async def look_up(files: DatasetFiles, path: str) -> FileInfo | None:
    """Return the properties of one file, or None if there is no such file.

    Args:
        files: The dataset.
        path: The file's path within the dataset.
    """
    try:
        state = await files.objects.head(path)
    except DatasetFileNotFound:
        return None
    return FileInfo(path, state.size, state.etag, state.modified or _NEVER)


async def not_found(files: DatasetFiles, path: str) -> DatasetFileNotFound:
    """Return the error for a path that is neither a file nor a folder; its hint suggests similar paths."""
    known: set[str] = set()
    async for info in each_entry(files):
        known.add(info.path)
        known.update(_folders(info.path))
        if len(known) >= _SEARCHED:
            break
    suggestions = await asyncio.to_thread(_near, path, sorted(known))
    hint = (
        f"Did you mean {' or '.join(quoted(one, _SUGGESTION_CHARACTERS) for one in suggestions)}?"
        if suggestions
        else "List the dataset's files to see what it holds."
    )
    return DatasetFileNotFound(
        f"Dataset {files.location.dataset_id} holds neither a file nor a folder {quoted(path)}.",
        path=path,
        dataset_id=files.location.dataset_id,
        hint=hint,
    )


def _near(path: str, known: list[str]) -> list[str]:
    """Return the most likely intended paths: similar ones, and those with the same name in another folder."""
    alike: dict[str, list[str]] = {}
    for other in known:
        alike.setdefault(folded(other), []).append(other)
    matches = difflib.get_close_matches(folded(path), alike, n=_SUGGESTED, cutoff=_LIKENESS)
    near = [other for match in matches for other in alike[match]]
    name = _name(path)
    near += [other for other in known if _name(other) == name]
    return list(dict.fromkeys(near))[:_SUGGESTED]


def _name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _folders(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: end + 1]) + "/" for end in range(len(parts))]
