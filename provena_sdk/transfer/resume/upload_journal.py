"""The journals of uploads in parts, so that an upload can be resumed after its process died.

Each upload has a small file in the user's state folder. It holds no credentials, tokens or signed URLs, and no list of
parts, since the store knows them. If the folder cannot be written, uploads work but cannot be resumed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import logging
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from provena_sdk.concurrency.processes import is_dead, this_process
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.private_files import close_to_others, create_own, make_private_folder, read_own, state_folder
from provena_sdk.transfer.resume.record import parse_record

_log = logging.getLogger(__name__)

FORGET_SECONDS: Final = 7 * 24 * 3600.0
"""After this time an upload that was not resumed is aborted."""

_VERSION: Final = 1
_UNTOUCHED_SECONDS: Final = 3600.0
_TOUCH_SECONDS: Final = 60.0
_MAX_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """One upload in parts, as its journal records it.

    Args:
        path: The file's path within the dataset.
        upload_id: The store's ID of the upload; None until it is received.
        source: The local file, for people who read the journal.
        size: Its size in bytes.
        modified_ns: Its modification time in nanoseconds since the epoch.
        part_size: The size of the parts in bytes.
        begun: When the upload began, in seconds since the epoch.
    """

    path: str
    upload_id: str | None
    source: str
    size: int
    modified_ns: int
    part_size: int
    begun: float


_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "path": (str,),
    "upload_id": (str, type(None)),
    "source": (str,),
    "size": (int,),
    "modified_ns": (int,),
    "part_size": (int,),
    "begun": (int, float),
}


def parse_journal(content: bytes, place: Mapping[str, str]) -> tuple[UploadRecord, object] | None:
    """Read a journal.

    Args:
        content: The file's bytes, which may be anything.
        place: The dataset's store, bucket and prefix, which the journal must have.

    Returns:
        The upload and the process it belongs to; None if this is not a journal of the dataset.
    """
    fields = parse_record(content, _VERSION, _KINDS)
    if fields is None or any(fields.get(name) != value for name, value in place.items()):
        return None
    begun = UploadRecord(**{name: fields[name] for name in _KINDS})
    if begun.size < 0 or begun.part_size < 1:
        return None
    return begun, fields.get("owner")


class UploadJournal:
    """The journal of one upload, owned by this process. Its methods ignore files that cannot be written.

    Args:
        file: The journal's file.
        place: The dataset's store, bucket and prefix.
        begun: The upload.
    """

    def __init__(self, file: Path, place: Mapping[str, str], begun: UploadRecord) -> None:
        self._file = file
        self._place = place
        self._touched = time.monotonic()
        self.begun = begun

    def write(self, *, upload_id: str | None) -> None:
        """Write the journal with this upload ID, owned by this process."""
        self.begun = dataclasses.replace(self.begun, upload_id=upload_id)
        self._write(this_process())

    def touch(self) -> None:
        """Touch the file once a minute, to show other machines that the upload is running."""
        now = time.monotonic()
        if now - self._touched >= _TOUCH_SECONDS:
            self._touched = now
            with contextlib.suppress(OSError):
                os.utime(self._file)

    def release(self) -> None:
        """Release the upload to the next transfer, since it could not be aborted."""
        self._write(None)

    def remove(self) -> None:
        """Remove the journal."""
        with contextlib.suppress(OSError):
            self._file.unlink(missing_ok=True)

    def _write(self, owner: dict[str, object] | None) -> None:
        fields: dict[str, Any] = {"version": _VERSION, **self._place, **dataclasses.asdict(self.begun)}
        part = self._file.with_suffix(".part")
        try:
            make_private_folder(self._file.parent)
            close_to_others(self._file.parent)
            part.unlink(missing_ok=True)
            create_own(part, json.dumps(fields | {"owner": owner}).encode())
            part.replace(self._file)
        except OSError as error:
            _log.debug("No journal of the upload at %s (%s)", self._file, type(error).__name__)
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)


class UploadJournals:
    """The journals of all uploads to one dataset.

    Args:
        location: The dataset's folder in the store.
        store_url: The store's base URL; None means Amazon S3.
        folder: The folder of the journals, created when needed, for its owner only; None means ``uploads`` in
            PROVENA_STATE_DIR, or in the user's state folder.
    """

    def __init__(
        self, location: DatasetLocation, store_url: str | None = None, *, folder: Path | None = None
    ) -> None:
        self._place = {
            "store": store_url or "",
            "bucket": location.bucket,
            "prefix": location.prefix,
        }
        self._folder = folder if folder is not None else state_folder() / "uploads"
        self._dataset = _digest(*self._place.values())

    def new(self, begun: UploadRecord) -> UploadJournal:
        """Return the journal of a new upload, without writing it.

        Args:
            begun: The upload.
        """
        return UploadJournal(self._file(begun.path), self._place, begun)

    def adopt(self, path: str) -> Iterator[UploadJournal]:
        """Yield the journals of uploads to one path whose processes ended, now owned by this process.

        No lock is trusted: a journal is taken over by renaming it, which only one process can do.

        Args:
            path: The file's path within the dataset.
        """
        for file, begun in self._orphaned(f"{self._dataset}-{_digest(path)}.", _UNTOUCHED_SECONDS):
            if begun.path == path:
                yield from self._taken_over(file, begun)

    def adopt_forgotten(self) -> Iterator[UploadJournal]:
        """Yield the journals of all uploads to this dataset that were not resumed for a week.

        Damaged files, such as a power cut leaves, are removed after the same time.
        """
        for file, begun in self._orphaned(f"{self._dataset}-", FORGET_SECONDS):
            if time.time() - begun.begun >= FORGET_SECONDS:
                yield from self._taken_over(file, begun)

    def upload_ids(self, path: str) -> set[str]:
        """Return the upload IDs that the journals name for one path, whoever owns them.

        Args:
            path: The file's path within the dataset.
        """
        found = (begun for _, _, begun, _ in self._known(f"{self._dataset}-{_digest(path)}."))
        return {begun.upload_id for begun in found if begun.path == path and begun.upload_id is not None}

    def _taken_over(self, file: Path, begun: UploadRecord) -> Iterator[UploadJournal]:
        mine = self._file(begun.path)
        try:
            file.rename(mine)
        except OSError:
            return
        journal = UploadJournal(mine, self._place, begun)
        journal.write(upload_id=begun.upload_id)
        yield journal

    def _orphaned(self, start: str, untouched: float) -> Iterator[tuple[Path, UploadRecord]]:
        """Yield the journals whose process ended, or is unknown and has not touched them for some time."""
        for file, age, begun, owner in self._known(start):
            if owner is None or is_dead(owner) or age >= untouched:
                yield file, begun

    def _known(self, start: str) -> Iterator[tuple[Path, float, UploadRecord, object]]:
        """Yield each journal with its age in seconds, its upload, and the process it belongs to."""
        now = time.time()
        try:
            names = sorted(name for name in os.listdir(self._folder) if name.startswith(start))
        except OSError:
            return
        for name in names:
            file = self._folder / name
            try:
                age = now - file.lstat().st_mtime
            except OSError:
                continue
            try:
                content = read_own(file, most=_MAX_BYTES)
            except OSError:
                content = b""
            found = parse_journal(content, self._place) if name.endswith(".json") else None
            if found is not None:
                yield file, age, *found
            elif age >= FORGET_SECONDS:
                with contextlib.suppress(OSError):
                    file.unlink()

    def _file(self, path: str) -> Path:
        return self._folder / f"{self._dataset}-{_digest(path)}.{secrets.token_hex(8)}.json"


def _digest(*names: str) -> str:
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()[:20]
