"""The cache as a whole: list, prune and verify its copies."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Container, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar, Final

from provena_sdk.auth.store.locking import exclusive
from provena_sdk.cache.place import COPIES, COPY_NAME, DATASET_NAME, RECORDS, cache_folder, trusted
from provena_sdk.cache.records import CachedCopy, records_of
from provena_sdk.display.amounts import human_size
from provena_sdk.display.text import printable, quoted
from provena_sdk.errors import InvalidArgument
from provena_sdk.operations import handles
from provena_sdk.transfer.verify.recorded import differences
from provena_sdk.views.tabular import TabularList

_LOCK_SECONDS: Final = 60.0
# Interrupted downloads can be resumed for as long.
_UNFINISHED_SECONDS: Final = 7 * 24 * 3600.0
_REMOVED: Final = ".removed-"


class CopyList(TabularList[CachedCopy]):
    """Copies in the cache, the latest used first, as a list that prints as a table."""

    __slots__ = ()
    noun: ClassVar = ("copy", "copies")
    _columns: ClassVar = ("dataset", "path", "files", "bytes", "fetched", "used", "location")
    _types: ClassVar = {"fetched": "time", "used": "time"}

    def _title(self) -> str:
        return f"{len(self):,} {self.noun[len(self) != 1]} in the cache, {human_size(self.total_bytes)}"

    @property
    def total_bytes(self) -> int:
        """The size of all files in bytes; a file that several copies share counts once."""
        files = {(copy.folder.parent, *file.content): file.size for copy in self for file in copy.files}
        return sum(files.values())

    def _rows(self) -> list[tuple[object, ...]]:
        return [
            (
                copy.dataset_id,
                copy.path,
                len(copy.files),
                copy.bytes,
                copy.fetched,
                copy.used,
                str(copy.location),
            )
            for copy in self
        ]


@dataclass(frozen=True, slots=True, repr=False)
class DamagedFile:
    """A file of the cache that is not as it was fetched.

    Attributes:
        dataset_id: The dataset's handle.
        path: Its path within the dataset.
        location: The file on this machine.
        reason: What is wrong with it.
    """

    dataset_id: str
    path: str
    location: Path
    reason: str

    def __str__(self) -> str:
        return f"{quoted(self.path)} of dataset {printable(self.dataset_id, 60)}: {printable(self.reason)}"

    def __repr__(self) -> str:
        return f"<DamagedFile {quoted(self.path, 100)}: {printable(self.reason, 80)}>"


class DamagedFiles(TabularList[DamagedFile]):
    """Damaged files of the cache, as a list that prints as a table; empty if there are none."""

    __slots__ = ()
    noun: ClassVar = ("damaged file", "damaged files")
    _columns: ClassVar = ("dataset", "path", "reason", "location")

    def _title(self) -> str:
        return f"{len(self):,} {self.noun[len(self) != 1]}"

    def _rows(self) -> list[tuple[object, ...]]:
        return [(file.dataset_id, file.path, file.reason, str(file.location)) for file in self]


class FileCache:
    """The copies that :meth:`Provena.fetch` keeps on this machine, for all projects of a user. It needs no client.

    Args:
        folder: The folder of the cache; None means PROVENA_CACHE_DIR or, if that is not set, the platform's folder
            for caches.

    Example:
        >>> location = provena.fetch("provena://10378.1/1900011/obs/2024.csv")
        >>> [(copy.dataset_id, copy.path, copy.bytes) for copy in FileCache().copies()]
        [('10378.1/1900011', 'obs/2024.csv', 32)]
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self.folder = cache_folder() if folder is None else Path(folder).expanduser().absolute()

    def __repr__(self) -> str:
        return f"<FileCache {quoted(self.folder, 160)}>"

    def copies(self, dataset_id: str | None = None) -> CopyList:
        """List the copies in the cache, the latest used first.

        Args:
            dataset_id: Handle of a dataset, for its copies alone.

        Returns:
            The copies, as a list that prints as a table.

        Raises:
            InvalidArgument: ``dataset_id`` is not a handle.
            ConfigurationError: The folder of the cache cannot be trusted, because others can write to it.

        Example:
            >>> location = provena.fetch("10378.1/1900011", include="*.csv")
            >>> FileCache().copies("10378.1/1900011")
            <CopyList of 1>
        """
        handle = None if dataset_id is None else handles.handle("dataset_id", dataset_id)
        found = (copy for dataset in self._datasets() for copy in records_of(dataset))
        chosen = [copy for copy in found if handle is None or copy.dataset_id == handle]
        return CopyList(sorted(chosen, key=lambda copy: copy.used, reverse=True))

    def prune(
        self,
        unused_for: timedelta = timedelta(days=30),
        *,
        dataset_id: str | None = None,
        dry_run: bool = False,
    ) -> CopyList:
        """Remove copies that have not been used for some time, and what downloads have left unfinished for a week.

        Args:
            unused_for: The time without use; ``timedelta(0)`` removes every copy.
            dataset_id: Handle of a dataset, to remove only copies of it.
            dry_run: True to remove nothing.

        Returns:
            The copies that were removed or, with ``dry_run``, would be.

        Raises:
            InvalidArgument: ``unused_for`` is not a duration, or ``dataset_id`` is not a handle.
            ConfigurationError: The folder of the cache cannot be trusted, because others can write to it.
            OSError: A copy cannot be removed.

        Example:
            >>> location = provena.fetch("10378.1/1900011", include="*.csv")
            >>> FileCache().prune(timedelta(days=30))
            <CopyList of 0>
            >>> FileCache().prune(timedelta(0)), location.exists()
            (<CopyList of 1>, False)
        """
        if not isinstance(unused_for, timedelta) or unused_for < timedelta(0):
            raise InvalidArgument(
                "unused_for", "must be a timedelta of at least 0.", hint="timedelta(days=30)"
            )
        unused_since = datetime.now(UTC) - unused_for
        own = trusted(self.folder, make=False)
        if dry_run or not own.is_dir():
            return self._unused_since(unused_since, dataset_id)
        with self.lock(own):
            # Read under the lock, so that a copy that was used in between stays.
            removed = self._unused_since(unused_since, dataset_id)
            for copy in removed:
                copy.record.unlink(missing_ok=True)
            folders = {copy.folder for copy in removed}
            aside = [moved for dataset in self._datasets() for moved in _set_aside(dataset, folders)]
        for moved in aside:
            # Another process may be removing it, too.
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(moved)
        self._remove_empty()
        return removed

    def verify(self, dataset_id: str | None = None, *, remove: bool = False) -> DamagedFiles:
        """Read all files in the cache, and compare each with the checksum that it had when it was fetched.

        Args:
            dataset_id: Handle of a dataset, to verify only copies of it.
            remove: True to remove damaged files; the next fetch downloads them again.

        Returns:
            The damaged and missing files, as a list that prints as a table; empty if there are none.

        Raises:
            InvalidArgument: ``dataset_id`` is not a handle.
            ConfigurationError: The folder of the cache cannot be trusted, because others can write to it.
            OSError: A damaged file cannot be removed.

        Example:
            >>> location = provena.fetch("10378.1/1900011", include="*.csv")
            >>> FileCache().verify()
            <DamagedFiles of 0>
        """
        damaged = DamagedFiles()
        for copy in self.copies(dataset_id):
            for file, reason in zip(copy.files, differences(copy.recorded()), strict=True):
                if reason is not None:
                    location = copy.folder / file.local
                    damaged.append(DamagedFile(copy.dataset_id, file.path, location, reason))
        if remove:
            for each in damaged:
                each.location.unlink(missing_ok=True)
        return damaged

    def lock(self, own: Path) -> AbstractContextManager[None]:
        """Return a context manager in which no other process of this user changes the cache.

        Args:
            own: What :func:`~provena_sdk.cache.place.trusted` returned.
        """
        return exclusive(own / "lock", timeout=_LOCK_SECONDS, doing="changing the cache")

    def _unused_since(self, moment: datetime, dataset_id: str | None) -> CopyList:
        return CopyList(copy for copy in self.copies(dataset_id) if copy.used <= moment)

    def _datasets(self) -> Iterator[Path]:
        own = trusted(self.folder, make=False)
        yield from (own / name for name in _listed(own) if DATASET_NAME.fullmatch(name))

    def _remove_empty(self) -> None:
        for dataset in self._datasets():
            for folder in (dataset / COPIES, dataset / RECORDS, dataset):
                with contextlib.suppress(OSError):
                    folder.rmdir()


def _set_aside(dataset: Path, folders: Container[Path]) -> Iterator[Path]:
    """Rename what is to be removed, and yield the new paths: removing takes longer than the lock should be held.

    Args:
        dataset: The dataset's folder in the cache.
        folders: Copies to remove, unless another record names them.
    """
    recorded = {copy.folder for copy in records_of(dataset)}
    for name in _listed(dataset / COPIES):
        folder = dataset / COPIES / name
        if name.startswith(_REMOVED):
            yield folder
        elif COPY_NAME.fullmatch(name) and folder not in recorded and (folder in folders or _is_old(folder)):
            aside = folder.with_name(f"{_REMOVED}{secrets.token_hex(8)}")
            folder.rename(aside)
            yield aside


def _is_old(folder: Path) -> bool:
    return time.time() - folder.lstat().st_mtime > _UNFINISHED_SECONDS


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
