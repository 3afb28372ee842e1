"""Remembering the uploads in parts that are under way, so that one whose process dies can be gone on with.

Each upload has a small file in the user's state folder. It holds no key, no token and no signed address; which
parts arrived is not in it either, since the store knows that best. Where the folder cannot be written, uploads
work all the same and begin anew after such a death.
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

_log = logging.getLogger(__name__)

FORGET_SECONDS: Final = 7 * 24 * 3600.0
"""After this time an upload that nobody went on with is given up."""

_VERSION: Final = 1
_UNTOUCHED_SECONDS: Final = 3600.0
_TOUCH_SECONDS: Final = 60.0
_MAX_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Begun:
    """What is remembered of one upload in parts.

    Args:
        path: The file's path within the dataset.
        upload_id: The store's name for the upload; None while it is being asked for.
        source: The local file, for whoever looks at the journal.
        size: Its size in bytes.
        modified_ns: When it was last changed, in nanoseconds since the epoch.
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


def read(content: bytes, place: Mapping[str, str]) -> tuple[Begun, object] | None:
    """Read a journal.

    Args:
        content: The file's bytes, which may be anything.
        place: The dataset's place that the journal must be of; see :class:`UploadJournals`.

    Returns:
        What it remembers and the process it belongs to; None when it is no journal of this place.
    """
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or fields.get("version") != _VERSION:
        return None
    if any(fields.get(name) != value for name, value in place.items()):
        return None
    values = {name: fields.get(name, ()) for name in _KINDS}
    for name, value in values.items():
        if not isinstance(value, _KINDS[name]) or isinstance(value, bool):
            return None
    begun = Begun(**values)
    if begun.size < 0 or begun.part_size < 1:
        return None
    return begun, fields.get("owner")


class UploadJournal:
    """The journal of one upload, held by this process. No method fails when the file cannot be written.

    Args:
        file: Where it lies.
        place: The dataset's place.
        begun: What it remembers.
    """

    def __init__(self, file: Path, place: Mapping[str, str], begun: Begun) -> None:
        self._file = file
        self._place = place
        self._touched = time.monotonic()
        self.begun = begun

    def write(self, *, upload_id: str | None) -> None:
        """Remember the upload under this name of the store's, as this process's own."""
        self.begun = dataclasses.replace(self.begun, upload_id=upload_id)
        self._write(this_process())

    def touch(self) -> None:
        """Show processes on other machines, now and then, that the upload goes on."""
        now = time.monotonic()
        if now - self._touched >= _TOUCH_SECONDS:
            self._touched = now
            with contextlib.suppress(OSError):
                os.utime(self._file)

    def release(self) -> None:
        """Leave the upload to whoever comes next, since it could not be given up."""
        self._write(None)

    def remove(self) -> None:
        """Forget the upload."""
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
        folder: Where the files lie, made when needed, for its owner only; None means ``uploads`` in
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

    def new(self, begun: Begun) -> UploadJournal:
        """Make the journal of an upload that is about to begin; nothing is written yet.

        Args:
            begun: What is known of it.
        """
        return UploadJournal(self._file(begun.path), self._place, begun)

    def adopt(self, path: str) -> Iterator[UploadJournal]:
        """Yield the journals of uploads to one path whose processes are gone, each as this process's own.

        No lock is trusted: a journal is taken by renaming it, which one process only can do.

        Args:
            path: The file's path within the dataset.
        """
        for file, begun in self._abandoned(f"{self._dataset}-{_digest(path)}.", _UNTOUCHED_SECONDS):
            if begun.path == path:
                yield from self._taken(file, begun)

    def adopt_forgotten(self) -> Iterator[UploadJournal]:
        """Yield the journals of all uploads to this dataset that nobody went on with for a week.

        Files that are no journals, as a power cut may leave them, are removed after the same time.
        """
        for file, begun in self._abandoned(f"{self._dataset}-", FORGET_SECONDS):
            if time.time() - begun.begun >= FORGET_SECONDS:
                yield from self._taken(file, begun)

    def upload_ids(self, path: str) -> set[str]:
        """Return the store's names of the uploads to one path that are remembered, whosever they are.

        Args:
            path: The file's path within the dataset.
        """
        found = (begun for _, _, begun, _ in self._known(f"{self._dataset}-{_digest(path)}."))
        return {begun.upload_id for begun in found if begun.path == path and begun.upload_id is not None}

    def _taken(self, file: Path, begun: Begun) -> Iterator[UploadJournal]:
        mine = self._file(begun.path)
        try:
            file.rename(mine)
        except OSError:
            return
        journal = UploadJournal(mine, self._place, begun)
        journal.write(upload_id=begun.upload_id)
        yield journal

    def _abandoned(self, start: str, untouched: float) -> Iterator[tuple[Path, Begun]]:
        """Yield the journals whose process has ended, or cannot be asked and has not touched them for some time."""
        for file, age, begun, owner in self._known(start):
            if owner is None or is_dead(owner) or age >= untouched:
                yield file, begun

    def _known(self, start: str) -> Iterator[tuple[Path, float, Begun, object]]:
        """Yield each journal with its age in seconds, what it remembers and the process it belongs to."""
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
            found = read(content, self._place) if name.endswith(".json") else None
            if found is not None:
                yield file, age, *found
            elif age >= FORGET_SECONDS:
                with contextlib.suppress(OSError):
                    file.unlink()

    def _file(self, path: str) -> Path:
        return self._folder / f"{self._dataset}-{_digest(path)}.{secrets.token_hex(8)}.json"


def _digest(*names: str) -> str:
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()[:20]
