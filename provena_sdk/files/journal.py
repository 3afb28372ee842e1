"""The journal of a large download: what its part file holds already, for the next one when this process dies.

It lies beside the part file, in lines of JSON. The first tells which object is fetched, how it is cut into pieces,
and which process is at work. Each further one names a piece that was written, and its digest. The digests are
compared with the part file before it is gone on with, so that the order in which a disk really wrote the two does
not matter. No lock is trusted: a download is taken over by renaming its part file, which succeeds only once.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import BinaryIO, Final

from provena_sdk.files.part_file import (
    DEAD_SECONDS,
    Destination,
    PartFile,
    journal_path,
    new_token,
    part_path,
)
from provena_sdk.files.pieces import Pieces
from provena_sdk.files.process import is_dead, this_process

_VERSION: Final = 1
_LINE: Final = re.compile(rb'\[([0-9]{1,9}),"([0-9a-f]*)"\]\n')
# The sizes of 10,000 parts of several gigabytes each fit.
_HEADING_BYTES: Final = 1024 * 1024
_MOST_PIECES: Final = 10_000_000
_MOST_WIDTH: Final = 64
_TOGETHER: Final = 1000


@dataclass(frozen=True, slots=True)
class Heading:
    """The first line of a journal.

    Args:
        path: The file's path within the dataset.
        target: The target's name.
        etag: The object's ETag.
        size: Its size in bytes.
        piece: The size of the largest piece in bytes.
        part: The size of the parts that pieces do not reach over, or all their sizes, in bytes.
        pieces: How many pieces there are.
        width: The size of a piece's digest in bytes; 0 when pieces have none.
        digest: What the digests are, such as ``crc32``; empty when pieces have none.
    """

    path: str
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
        owner: The process that wrote it.
    """

    heading: Heading
    pieces: Pieces
    owner: object


class Journal:
    """The journal of a download at work.

    Args:
        path: Where it lies; there is no such file yet.
        heading: Its first line.
        pieces: The pieces that are there already, when another download is gone on with.

    Raises:
        OSError: It cannot be written.
    """

    def __init__(self, path: str, heading: Heading, pieces: Pieces | None = None) -> None:
        self.path = path
        self._lock = threading.Lock()
        first = {"version": _VERSION, **asdict(heading), "owner": this_process()}
        self._file: BinaryIO = open(path, "xb", buffering=0)  # noqa: SIM115  # reason=it stays open for the download
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
        """Close the journal and let the next download go on with it at once, though this process may live on."""
        with self._lock:
            self._file.close()
            # An old date needs no room on a disk that may be full.
            with contextlib.suppress(OSError):
                os.utime(self.path, (0, 0))

    def delete(self) -> None:
        """Close the journal and remove it."""
        with self._lock:
            self._file.close()
            with contextlib.suppress(OSError):
                os.unlink(self.path)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]


def _line(index: int, digest: bytes) -> bytes:
    return b'[%d,"%b"]\n' % (index, digest.hex().encode())


def read_journal(path: str) -> Found | None:
    """Read a journal, or return None when it cannot be trusted.

    A last line that was not written to its end is left out; any other line that is none of ours makes the journal
    worthless.

    Args:
        path: Where it lies.
    """
    try:
        with open(path, "rb") as file:
            return _parse(file)
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def _parse(file: BinaryIO) -> Found | None:
    first = file.readline(_HEADING_BYTES)
    if not first.endswith(b"\n"):
        return None
    fields = json.loads(first)
    if not isinstance(fields, dict) or fields.pop("version", None) != _VERSION:
        return None
    owner = fields.pop("owner", None)
    heading = Heading(**fields)
    if not _is_sound(heading):
        return None
    pieces = Pieces(heading.pieces, heading.width)
    for line in file:
        match = _LINE.fullmatch(line)
        if match is None:
            if line.endswith(b"\n"):
                return None
            break
        index, digest = int(match[1]), bytes.fromhex(match[2].decode())
        if index >= heading.pieces or len(digest) != heading.width:
            return None
        pieces.add(index, digest)
    return Found(heading, pieces, owner)


def _is_sound(heading: Heading) -> bool:
    numbers = [heading.size, heading.piece, heading.pieces, heading.width]
    texts = [heading.path, heading.target, heading.etag, heading.digest]
    return (
        all(type(number) is int and number >= 0 for number in numbers)
        and all(isinstance(text, str) for text in texts)
        and heading.pieces <= _MOST_PIECES
        and heading.width <= _MOST_WIDTH
    )


@dataclass(slots=True)
class Partial:
    """A large download in the making: its part file, its journal, and what they hold.

    Args:
        part: The part file.
        journal: The journal.
        pieces: The pieces that are there. Those of an earlier download are not compared with their digests yet.
    """

    part: PartFile
    journal: Journal
    pieces: Pieces

    def keep(self) -> None:
        """Leave both files to the next download of the same target."""
        self.part.close()
        self.journal.release()

    def discard(self) -> None:
        """Remove both files."""
        self.part.discard()
        self.journal.delete()


def begin(destination: Destination, target: str, heading: Heading) -> Partial:
    """Begin a large download, or go on with one of the same object that broke off.

    Args:
        destination: The folder that is filled.
        target: The target's path on this machine, from :meth:`~provena_sdk.files.part_file.Destination.prepare`.
        heading: What is fetched and how it is cut.

    Raises:
        IsADirectoryError: A folder has the target's name.
        OSError: A file cannot be made.
    """
    for token, found in sorted(_broken_off(destination, target), key=lambda pair: -len(pair[1].pieces)):
        partial = _taken_over(target, token, found, heading)
        if partial is not None:
            return partial
    token = new_token()
    # The journal comes first: it tells the next download whose part file it is, even if this process dies now.
    journal = Journal(journal_path(target, token), heading)
    try:
        return Partial(PartFile(target, token), journal, Pieces(heading.pieces, heading.width))
    except BaseException:
        journal.delete()
        raise


def clear_broken_off(destination: Destination, target: str) -> None:
    """Remove what downloads of a target left that broke off, now that it is there.

    Args:
        destination: The folder that was filled.
        target: The target's path on this machine.
    """
    for token, _ in _broken_off(destination, target):
        _remove(target, token)


def _broken_off(destination: Destination, target: str) -> Iterator[tuple[str, Found]]:
    for token in destination.tokens(target):
        path = journal_path(target, token)
        found = read_journal(path)
        if found is None or found.heading.target != os.path.basename(target):
            continue
        try:
            untouched = time.time() - os.stat(path).st_mtime
        except OSError:
            continue
        if untouched > DEAD_SECONDS or is_dead(found.owner):
            yield token, found


def _taken_over(target: str, token: str, found: Found, heading: Heading) -> Partial | None:
    """Take over a download that broke off, or remove what it left when that is of no use."""
    if found.heading != heading or not _is_believable(found):
        _remove(target, token)
        return None
    mine = new_token()
    journal = Journal(journal_path(target, mine), heading, found.pieces)
    try:
        # Only one can succeed with this. Windows refuses it while somebody has the file open.
        os.rename(part_path(target, token), part_path(target, mine))
        part = PartFile(target, mine, existing=True)
    except OSError:
        journal.delete()
        return None
    except BaseException:
        journal.delete()
        raise
    with contextlib.suppress(OSError):
        os.unlink(journal_path(target, token))
    return Partial(part, journal, found.pieces)


def _is_believable(found: Found) -> bool:
    """Whether what a journal says must be so: without digests, only while the machine has not gone down since."""
    if found.heading.width:
        return True
    owner, mine = found.owner, this_process()
    return isinstance(owner, dict) and all(owner.get(name) == mine[name] for name in ("host", "boot"))


def _remove(target: str, token: str) -> None:
    for path in (part_path(target, token), journal_path(target, token)):
        with contextlib.suppress(OSError):
            os.unlink(path)
