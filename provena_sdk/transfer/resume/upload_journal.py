"""The journals of uploads in parts, from which an upload can be resumed after its process died.

Each upload has a small file in the user's state folder. The file contains no credentials, tokens or signed URLs, and no
list of parts, because the store can list them. If the folder cannot be written, uploads work but cannot be resumed.
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
"""The time in seconds after which an upload is aborted if it was not resumed."""

_VERSION: Final = 1
_UNTOUCHED_SECONDS: Final = 3600.0
_TOUCH_SECONDS: Final = 60.0
_MAX_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """The data of one upload in parts, as its journal records them.

    Args:
        path: The file's path within the dataset.
        upload_id: The store's ID of the upload; None until the store returns it.
        source: The path of the local file, for people who read the journal.
        size: The file's size in bytes.
        modified_ns: The file's modification time in nanoseconds since the epoch.
        part_size: The size of each part but the last in bytes.
        begun: When the upload started, in seconds since the epoch.
        opaque_etags: Whether the store encrypts so that the parts' ETags are not checksums.
    """

    path: str
    upload_id: str | None
    source: str
    size: int
    modified_ns: int
    part_size: int
    begun: float
    opaque_etags: bool = False


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
    """Parse a journal.

    Args:
        content: The file's bytes, which are not trusted.
        place: The store, bucket and prefix of the dataset.

    Returns:
        The upload and the process that owns it; None if this is not a journal of the dataset.
    """
    fields = parse_record(content, _VERSION, _KINDS)
    if fields is None or any(fields.get(name) != value for name, value in place.items()):
        return None
    opaque = fields.get("opaque_etags") is True
    record = UploadRecord(**{name: fields[name] for name in _KINDS}, opaque_etags=opaque)
    if record.size < 0 or record.part_size < 1:
        return None
    return record, fields.get("owner")


class UploadJournal:
    """The journal of one upload, owned by this process. Its methods ignore errors in writing the file.

    Args:
        file: The journal's file.
        place: The store, bucket and prefix of the dataset.
        record: The upload.
    """

    def __init__(self, file: Path, place: Mapping[str, str], record: UploadRecord) -> None:
        self._file = file
        self._place = place
        self._touched = time.monotonic()
        self.begun = record

    def write(self, *, upload_id: str | None) -> None:
        """Write the journal with an upload ID, owned by this process."""
        self.begun = dataclasses.replace(self.begun, upload_id=upload_id)
        self._write(this_process())

    def note_opaque_etags(self) -> None:
        """Record that the parts' ETags are not checksums."""
        self.begun = dataclasses.replace(self.begun, opaque_etags=True)
        self._write(this_process())

    def touch(self) -> None:
        """Update the file's time, at most once a minute, to show other machines that the upload is running."""
        now = time.monotonic()
        if now - self._touched >= _TOUCH_SECONDS:
            self._touched = now
            with contextlib.suppress(OSError):
                os.utime(self._file)

    def release(self) -> None:
        """Release an upload that could not be aborted, so that the next transfer can take it over."""
        self._write(None)

    def remove(self) -> None:
        """Remove the file."""
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
            _log.debug(
                "The journal of the upload cannot be written to %s (%s)", self._file, type(error).__name__
            )
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)


class UploadJournals:
    """The journals of all uploads to one dataset.

    Args:
        location: The dataset's folder in the store.
        store_url: The store's base URL; None means Amazon S3.
        folder: The folder of the journals, created for its owner only when needed; None means ``uploads`` in
            PROVENA_STATE_DIR or, if that is not set, in the user's state folder.
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

    def new(self, record: UploadRecord) -> UploadJournal:
        """Return the journal of a new upload, without writing the file.

        Args:
            record: The upload.
        """
        return UploadJournal(self._file(record.path), self._place, record)

    def adopt(self, path: str) -> Iterator[UploadJournal]:
        """Take over and yield the journals of uploads to one path whose processes have ended.

        There is no lock: a process takes over a journal by renaming it, which only one can do.

        Args:
            path: The file's path within the dataset.
        """
        for file, record in self._orphaned(f"{self._dataset}-{_digest(path)}.", _UNTOUCHED_SECONDS):
            if record.path == path:
                yield from self._take_over(file, record)

    def adopt_forgotten(self) -> Iterator[UploadJournal]:
        """Take over and yield the journals of all uploads to this dataset that were not resumed for a week.

        Damaged files, which a power cut can leave behind, are removed after the same time.
        """
        for file, record in self._orphaned(f"{self._dataset}-", FORGET_SECONDS):
            if time.time() - record.begun >= FORGET_SECONDS:
                yield from self._take_over(file, record)

    def upload_ids(self, path: str) -> set[str]:
        """Return the upload IDs in the journals of one path, whichever process owns them.

        Args:
            path: The file's path within the dataset.
        """
        records = (record for _, _, record, _ in self._known(f"{self._dataset}-{_digest(path)}."))
        return {
            record.upload_id for record in records if record.path == path and record.upload_id is not None
        }

    def _take_over(self, file: Path, record: UploadRecord) -> Iterator[UploadJournal]:
        mine = self._file(record.path)
        try:
            file.rename(mine)
        except OSError:
            return
        journal = UploadJournal(mine, self._place, record)
        journal.write(upload_id=record.upload_id)
        yield journal

    def _orphaned(self, start: str, untouched: float) -> Iterator[tuple[Path, UploadRecord]]:
        """Yield the journals that no running process owns, and the ones untouched for some seconds."""
        for file, age, record, owner in self._known(start):
            if owner is None or is_dead(owner) or age >= untouched:
                yield file, record

    def _known(self, start: str) -> Iterator[tuple[Path, float, UploadRecord, object]]:
        """Yield each journal with its age in seconds, its upload, and the process that owns it."""
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
