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


async def list_files(files: DatasetFiles, folder: str = "") -> FileList:
    """List the files below a folder, in the order of their keys.

    Args:
        files: The dataset.
        folder: The folder, ending in a slash; empty for the whole dataset.
    """
    return FileList([info async for info in each_entry(files, folder) if not is_marker(info)])


class FilePages:
    """The files of a dataset, page by page, for a reader who may stop, and who may ask for a page again after an error.

    Args:
        open_files: Opens the dataset to be read.
    """

    def __init__(self, open_files: Callable[[], Coroutine[None, None, DatasetFiles]]) -> None:
        self._open_files = open_files
        self._pages: AsyncIterator[Page] | None = None
        self._upto = ""

    async def after(self, path: str) -> tuple[list[FileInfo], str | None]:
        """Return the next files in the order of their keys, without folder markers, and the path to continue after.

        Args:
            path: The last path of the page before; empty for the first page.
        """
        # Taken away while it is used, so that a failed or abandoned call does not advance the pages of a later one.
        pages, self._pages = (self._pages if path == self._upto else None), None
        if pages is None:
            files = await self._open_files()
            pages = files.objects.list(start_after=path)
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
