"""The journal of a download: the segments in its part file, from which the next download can resume.

It is a file of JSON lines beside the part file. The first line describes the object and the process, and each further
line has the offset, length and digest of a stored segment. A resumed download checks the digests against the part file,
so it depends neither on the order in which the disk wrote the two files nor on who else can write to them. There is no
lock: a process takes over a download by renaming its part file, which only one can do.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import BinaryIO, Final

from provena_sdk.concurrency.processes import this_process
from provena_sdk.datasets.paths import journal_name
from provena_sdk.private_files import is_own, is_written_by_us
from provena_sdk.transfer.local.destination import Target
from provena_sdk.transfer.resume.ranges import Segment, Segments
from provena_sdk.transfer.resume.record import parse_record

_VERSION: Final = 4
_LINE: Final = re.compile(rb'\[([0-9]{1,15}),([0-9]{1,15}),"([0-9a-f]*)"\]\n')
# Room for the sizes of 10,000 parts of several gigabytes each.
_HEADING_BYTES: Final = 1024 * 1024
_LINE_BYTES: Final = 256
_MOST_SEGMENTS: Final = 10_000_000
_MOST_WIDTH: Final = 64
_LINES_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Heading:
    """The first line of a journal.

    Args:
        store: The object store's URL; empty for Amazon S3.
        bucket: The object's bucket.
        key: The object's key.
        target: The target's name.
        etag: The object's ETag.
        size: Its size in bytes.
        part: The size in bytes of the parts that no segment crosses, or the list of their sizes if they differ.
        width: The size of a segment's digest in bytes.
        digest: The kind of digest, such as ``crc32+seal-blake3``.
    """

    store: str
    bucket: str
    key: str
    target: str
    etag: str
    size: int
    part: int | list[int]
    width: int
    digest: str


_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "store": (str,),
    "bucket": (str,),
    "key": (str,),
    "target": (str,),
    "etag": (str,),
    "size": (int,),
    "part": (int, list),
    "width": (int,),
    "digest": (str,),
}


@dataclass(frozen=True, slots=True)
class SavedJournal:
    """A journal read from disk.

    Args:
        heading: The object that the first line describes.
        segments: The stored segments.
        private: Whether certainly no other user could have written it.
        modified: When the journal was last written, in seconds since the epoch.
        owner: The process that wrote it; see :func:`~provena_sdk.concurrency.processes.this_process`.
    """

    heading: Heading
    segments: Segments
    private: bool
    modified: float
    owner: Mapping[str, object] = field(default_factory=dict)


class DownloadJournal:
    """The journal of a running download.

    Args:
        target: The target.
        token: The token in the part file's name.
        heading: The object.
        segments: The segments stored by the earlier download to resume, if any.

    Raises:
        OSError: The journal cannot be written, or exists already.
    """

    def __init__(
        self, target: Target, token: str, heading: Heading, segments: Segments | None = None
    ) -> None:
        self._folder = target.folder
        self._name = journal_name(target.name, token)
        self._lock = threading.Lock()
        first = {"version": _VERSION, **asdict(heading), "owner": this_process()}
        descriptor = self._folder.open(self._name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        self.is_private = is_written_by_us(os.fstat(descriptor))
        """Whether certainly no other user can write it, nor another file created here in the same way."""
        self._file: BinaryIO = open(descriptor, "wb", buffering=0)  # noqa: SIM115  # reason=it stays open for the download
        try:
            self._write(json.dumps(first, separators=(",", ":")).encode() + b"\n")
            if segments is not None:
                self._carry_over(segments)
        except BaseException:
            self.delete()
            raise

    def _carry_over(self, segments: Segments) -> None:
        lines = map(_line, segments)
        while chunk := b"".join(itertools.islice(lines, _LINES_AT_ONCE)):
            self._write(chunk)

    def add(self, segment: Segment) -> None:
        """Record a stored segment. Do nothing once the journal is closed."""
        with self._lock:
            if not self._file.closed:
                self._write(_line(segment))

    def release(self) -> None:
        """Close the journal, and let the next download resume at once, even while this process is running."""
        with self._lock:
            self._file.close()
            # Mark it by an old time, which needs no space on a disk that may be full.
            with contextlib.suppress(OSError):
                self._folder.set_time(self._name, 0)

    def delete(self) -> None:
        """Close and remove the journal."""
        with self._lock:
            self._file.close()
            with contextlib.suppress(OSError):
                self._folder.unlink(self._name)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]


def _line(segment: Segment) -> bytes:
    return b'[%d,%d,"%b"]\n' % (segment.offset, segment.length, segment.digest.hex().encode())


def read_journal(target: Target, token: str) -> SavedJournal | None:
    """Read a journal. Return None if it is missing or unusable.

    An incomplete last line is ignored; any other malformed line makes the journal unusable.

    Args:
        target: The target.
        token: The token in the journal's name.
    """
    try:
        descriptor = target.folder.open(journal_name(target.name, token), os.O_RDONLY)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            return _parse(file, status) if is_own(status) else None
    except (OSError, ValueError):
        return None


def _parse(file: BinaryIO, status: os.stat_result) -> SavedJournal | None:
    first = file.readline(_HEADING_BYTES)
    if not first.endswith(b"\n"):
        return None
    fields = parse_record(first, _VERSION, {**_KINDS, "owner": (dict,)})
    if fields is None or fields.keys() != {"version", "owner", *_KINDS}:
        return None
    heading = Heading(**{name: fields[name] for name in _KINDS})
    if heading.size < 0 or not 0 <= heading.width <= _MOST_WIDTH:
        return None
    segments = Segments(heading.width)
    for line in iter(partial(file.readline, _LINE_BYTES), b""):
        match = _LINE.fullmatch(line)
        if match is None:
            if line.endswith(b"\n") or len(line) == _LINE_BYTES:
                return None
            break
        segment = Segment(int(match[1]), int(match[2]), bytes.fromhex(match[3].decode()))
        if (
            not 0 < segment.length <= heading.size - segment.offset
            or len(segment.digest) != heading.width
            or len(segments) >= _MOST_SEGMENTS
        ):
            return None
        segments.add(segment)
    return SavedJournal(heading, segments, is_written_by_us(status), status.st_mtime, fields["owner"])
