"""The journal of a large download: what its part file holds already, for the next one when this process dies.

It lies beside the part file, in lines of JSON. The first tells which object is fetched and how it is cut into pieces.
Each further one names a piece that was written, and its digest. A download that resumes compares the digests with the
part file, so that it does not matter in which order a disk really wrote the two, or who else could write there. No lock
is trusted: a download is taken over by renaming its part file, which succeeds only once.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import threading
from dataclasses import asdict, dataclass
from functools import partial
from typing import BinaryIO, Final

from provena_sdk.datasets.paths import journal_name
from provena_sdk.private_files import is_own
from provena_sdk.transfer.local.destination import Target
from provena_sdk.transfer.resume.ranges import Pieces

_VERSION: Final = 2
_LINE: Final = re.compile(rb'\[([0-9]{1,9}),"([0-9a-f]*)"\]\n')
# The sizes of 10,000 parts of several gigabytes each fit.
_HEADING_BYTES: Final = 1024 * 1024
_LINE_BYTES: Final = 256
_MOST_PIECES: Final = 10_000_000
_MOST_WIDTH: Final = 64
_TOGETHER: Final = 1000


@dataclass(frozen=True, slots=True)
class Heading:
    """The first line of a journal.

    Args:
        store: The object store's address; empty for Amazon S3.
        bucket: The object's bucket.
        key: The object's key.
        target: The target's name.
        etag: The object's ETag.
        size: Its size in bytes.
        piece: The size of the largest piece in bytes.
        part: The size of the parts that pieces do not reach over, or all their sizes, in bytes.
        pieces: How many pieces there are.
        width: The size of a piece's digest in bytes.
        digest: What the digests are, such as ``crc32+seal``.
    """

    store: str
    bucket: str
    key: str
    target: str
    etag: str
    size: int
    piece: int
    part: int | list[int]
    pieces: int
    width: int
    digest: str


@dataclass(frozen=True, slots=True)
class Found:
    """A journal that was read.

    Args:
        heading: Its first line.
        pieces: The pieces it names.
        modified: When it was last written to, in seconds since the epoch.
    """

    heading: Heading
    pieces: Pieces
    modified: float


class Journal:
    """The journal of a download at work.

    Args:
        target: The target.
        token: The token of the part file.
        heading: Its first line.
        pieces: The pieces that are there already, when another download is resumed.

    Raises:
        OSError: It cannot be written, or there is such a file.
    """

    def __init__(self, target: Target, token: str, heading: Heading, pieces: Pieces | None = None) -> None:
        self._folder = target.folder
        self._name = journal_name(target.name, token)
        self._lock = threading.Lock()
        first = {"version": _VERSION, **asdict(heading)}
        descriptor = self._folder.open(self._name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        self._file: BinaryIO = open(descriptor, "wb", buffering=0)  # noqa: SIM115  # reason=it stays open for the download
        try:
            self._write(json.dumps(first, separators=(",", ":")).encode() + b"\n")
            if pieces is not None:
                self._carry_over(pieces)
        except BaseException:
            self.delete()
            raise

    def _carry_over(self, pieces: Pieces) -> None:
        lines = (_line(index, pieces.digest(index)) for index in pieces)
        while some := b"".join(itertools.islice(lines, _TOGETHER)):
            self._write(some)

    def add(self, index: int, digest: bytes) -> None:
        """Note that a piece was written; nothing happens once the journal was closed.

        Args:
            index: The piece's number, from zero.
            digest: Its digest.
        """
        with self._lock:
            if not self._file.closed:
                self._write(_line(index, digest))

    def release(self) -> None:
        """Close the journal, and let the next download resume at once although this process may live on."""
        with self._lock:
            self._file.close()
            # An old date needs no room on a disk that may be full.
            with contextlib.suppress(OSError):
                self._folder.set_time(self._name, 0)

    def delete(self) -> None:
        """Close the journal and remove it."""
        with self._lock:
            self._file.close()
            with contextlib.suppress(OSError):
                self._folder.unlink(self._name)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]


def _line(index: int, digest: bytes) -> bytes:
    return b'[%d,"%b"]\n' % (index, digest.hex().encode())


def read_journal(target: Target, token: str) -> Found | None:
    """Read a journal, or return None when it is of no use.

    A last line that was not written to its end is left out; any other line that is not one of ours makes the journal
    worthless.

    Args:
        target: The target.
        token: The download's token.
    """
    try:
        descriptor = target.folder.open(journal_name(target.name, token), os.O_RDONLY)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            return _parse(file, status.st_mtime) if is_own(status) else None
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def _parse(file: BinaryIO, modified: float) -> Found | None:
    first = file.readline(_HEADING_BYTES)
    if not first.endswith(b"\n"):
        return None
    fields = json.loads(first)
    if not isinstance(fields, dict) or fields.pop("version", None) != _VERSION:
        return None
    heading = Heading(**fields)
    if not _is_sound(heading):
        return None
    pieces = Pieces(heading.pieces, heading.width)
    for line in iter(partial(file.readline, _LINE_BYTES), b""):
        match = _LINE.fullmatch(line)
        if match is None:
            if line.endswith(b"\n") or len(line) == _LINE_BYTES:
                return None
            break
        index, digest = int(match[1]), bytes.fromhex(match[2].decode())
        if index >= heading.pieces or len(digest) != heading.width:
            return None
        pieces.add(index, digest)
    return Found(heading, pieces, modified)


def _is_sound(heading: Heading) -> bool:
    numbers = [heading.size, heading.piece, heading.pieces, heading.width]
    texts = [heading.store, heading.bucket, heading.key, heading.target, heading.etag, heading.digest]
    return (
        all(type(number) is int and number >= 0 for number in numbers)
        and all(isinstance(text, str) for text in texts)
        and heading.pieces <= _MOST_PIECES
        and heading.width <= _MOST_WIDTH
    )
