"""Records of the cache: what was fetched, and the files of each copy."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from provena_sdk.cache.place import COPIES, RECORD_NAME, RECORDS
from provena_sdk.datasets.paths import refusal
from provena_sdk.display.amounts import counted, human_size
from provena_sdk.display.text import printable, quoted
from provena_sdk.private_files import make_private_folder, read_own, write_small
from provena_sdk.secret import Secret
from provena_sdk.transfer.verify.recorded import Recorded, parse

_MOST_BYTES: Final = 512 * 1024 * 1024
_FORMAT: Final = 1
_TIME_STEP: Final = 2.0


class Content(NamedTuple):
    """What distinguishes the content of a file from that of any other file of the dataset.

    Args:
        path: Its path within the dataset.
        size: Its size in bytes.
        etag: The store's ETag.
        modified: The time of its upload, in whole seconds since the epoch.
    """

    path: str
    size: int
    etag: str
    modified: int


class CachedFile(NamedTuple):
    """One file of a copy.

    Args:
        local: Its path below the copy's folder, with forward slashes.
        path: Its path within the dataset.
        size: Its size in bytes.
        etag: The store's ETag.
        modified: Its modification time, in whole seconds since the epoch.
        checksum: Its checksum, such as ``crc32:3610a686``; None if the store has none that can be kept.
    """

    local: str
    path: str
    size: int
    etag: str
    modified: int
    checksum: str | None

    @property
    def content(self) -> Content:
        """Its content."""
        return Content(self.path, self.size, self.etag, self.modified)

    def is_unchanged(self, folder: Path) -> bool:
        """Return whether the file below a copy's folder has its size and time; it is not read."""
        try:
            state = os.lstat(folder / self.local)
        except OSError:
            return False
        # File systems round times, some of them to two seconds.
        near = abs(state.st_mtime - self.modified) <= _TIME_STEP
        return stat.S_ISREG(state.st_mode) and state.st_size == self.size and near


@dataclass(frozen=True, slots=True, repr=False)
class CachedCopy:
    """A copy of a dataset's files in the cache.

    Attributes:
        dataset_id: The dataset's handle.
        deployment: The URL of the deployment's datastore.
        path: The file or folder of the dataset that was fetched; empty for everything.
        include: The patterns of files that were included.
        exclude: The patterns of files that were left out.
        folder: The folder of the copy.
        location: The file or folder that was fetched.
        fetched: When it was fetched first.
        used: When it was last fetched or used.
        files: Its files.
        record: The file that records it.
    """

    dataset_id: str
    deployment: str
    path: str
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    folder: Path
    location: Path
    fetched: datetime
    used: datetime
    files: tuple[CachedFile, ...]
    record: Path

    @property
    def bytes(self) -> int:
        """The size of its files together. Copies share the space of files that are the same."""
        return sum(file.size for file in self.files)

    def recorded(self) -> list[Recorded]:
        """Return what the record says of each file."""
        return [Recorded(self.folder / file.local, file.size, file.checksum) for file in self.files]

    def held(self, path: str, include: tuple[str, ...], exclude: tuple[str, ...]) -> Path | None:
        """Return the location of what was fetched, or of a file or folder in it; None if it is not all there.

        Args:
            path: The file or folder of the dataset.
            include: The patterns of files to include.
            exclude: The patterns of files to leave out.
        """
        if (path, include, exclude) == (self.path, self.include, self.exclude):
            return self.location if self._is_unchanged(self.files) else None
        if not path or any((include, exclude, self.include, self.exclude)):
            return None
        if self.path and not path.startswith(f"{self.path}/"):
            return None
        files = [file for file in self.files if file.path == path or file.path.startswith(f"{path}/")]
        if not files or not self._is_unchanged(files):
            return None
        deeper = files[0].path[len(path) :].count("/")
        segments = files[0].local.split("/")
        return self.folder.joinpath(*segments[: len(segments) - deeper])

    def _is_unchanged(self, files: Sequence[CachedFile]) -> bool:
        return all(file.is_unchanged(self.folder) for file in files)

    def __str__(self) -> str:
        what = f"/{self.path}" if self.path else ""
        return (
            f"{printable(self.dataset_id + what, 100)}: {counted(len(self.files))}, {human_size(self.bytes)}"
        )

    def __repr__(self) -> str:
        return f"<CachedCopy {self}>"


def records_of(dataset: Path) -> list[CachedCopy]:
    """Read the records of a dataset, the latest used first. Damaged ones are left out.

    Args:
        dataset: The dataset's folder in the cache.
    """
    found = [copy for name in _names(dataset / RECORDS) if (copy := read_record(dataset, name)) is not None]
    return sorted(found, key=lambda copy: copy.used, reverse=True)


def read_record(dataset: Path, name: str) -> CachedCopy | None:
    """Read a record; return None if it is missing, damaged, or could have been written by another user.

    Args:
        dataset: The dataset's folder in the cache.
        name: The name of the record.
    """
    parts = RECORD_NAME.fullmatch(name)
    record = dataset / RECORDS / name
    if parts is None:
        return None
    try:
        used = record.lstat().st_mtime
        data = json.loads(read_own(record, most=_MOST_BYTES))
        return _parsed(data, dataset / COPIES / parts["copy"], record, used)
    except (OSError, ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None


def write_record(copy: CachedCopy) -> None:
    """Write the record of a copy.

    Args:
        copy: The copy.

    Raises:
        OSError: It cannot be written.
    """
    make_private_folder(copy.record.parent)
    data = {
        "format": _FORMAT,
        "dataset": copy.dataset_id,
        "deployment": copy.deployment,
        "path": copy.path,
        "include": copy.include,
        "exclude": copy.exclude,
        "location": copy.location.relative_to(copy.folder).as_posix(),
        "fetched": copy.fetched.isoformat(),
        "files": copy.files,
    }
    write_small(copy.record, Secret(json.dumps(data, separators=(",", ":"))))


def note_use(copy: CachedCopy) -> None:
    """Note that a copy is used now."""
    with contextlib.suppress(OSError):
        os.utime(copy.record)


def _names(folder: Path) -> Iterator[str]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        yield from sorted(entry.name for entry in entries)


def _parsed(data: Mapping[str, Any], folder: Path, record: Path, used: float) -> CachedCopy:
    if data["format"] != _FORMAT:
        raise ValueError(f"the record has format {data['format']!r}")
    return CachedCopy(
        str(data["dataset"]),
        str(data["deployment"]),
        str(data["path"]),
        tuple(map(str, data["include"])),
        tuple(map(str, data["exclude"])),
        folder,
        folder if data["location"] == "." else folder / _safe(data["location"]),
        datetime.fromisoformat(data["fetched"]),
        datetime.fromtimestamp(used, UTC),
        tuple(map(_file, data["files"])),
        record,
    )


def _file(row: list[Any]) -> CachedFile:
    local, path, size, etag, modified, checksum = row
    if checksum is not None:
        parse(checksum, size)
    return CachedFile(_safe(local), str(path), int(size), str(etag), int(modified), checksum)


def _safe(local: str) -> str:
    reason = refusal(local)
    if reason:
        raise ValueError(f"{quoted(local)}: {reason}")
    return local
