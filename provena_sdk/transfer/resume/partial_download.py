"""Resuming large downloads that broke off, and taking over what one left."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Final

from provena_sdk.datasets.paths import journal_name, part_name, part_stem
from provena_sdk.s3.checksums import Hasher
from provena_sdk.transfer.local.destination import Target
from provena_sdk.transfer.local.seal import PartName, Seal
from provena_sdk.transfer.resume.download_journal import Found, Heading, Journal, read_journal
from provena_sdk.transfer.resume.part_file import PartFile
from provena_sdk.transfer.resume.range_digest import RangeDigest
from provena_sdk.transfer.resume.ranges import Pieces

DEAD_SECONDS: Final = 3600.0
"""A download writes to its part file or journal all the time; one that nobody touched for so long is dead."""


class Partial:
    """A large download in the making, which must be completed, left or discarded; so its folder is closed.

    Args:
        part: The part file.
        journal: The journal; None when nothing that is left could be recognised.
        pieces: The pieces that are there. Those of an earlier download are not compared with their digests yet.
        heading: What is fetched and how it is cut.
        digest: What its pieces are hashed by.
    """

    def __init__(
        self, part: PartFile, journal: Journal | None, pieces: Pieces, heading: Heading, digest: RangeDigest
    ) -> None:
        self.part = part
        self.pieces = pieces
        self._journal = journal
        self._digest = digest
        self._purpose = json.dumps(asdict(heading), sort_keys=True)
        self._size = heading.size

    def hasher(self, index: int) -> Hasher | None:
        """Return what hashes a piece; None when nothing is hashed.

        Args:
            index: The piece's number, from zero.
        """
        return self._digest.hasher(f"{index} {self._purpose}")

    def add(self, index: int, digest: bytes) -> bytes:
        """Note that a piece was written.

        Args:
            index: The piece's number, from zero.
            digest: What :meth:`hasher` made of it.

        Returns:
            What the file's proof needs of the digest.
        """
        if self._journal is not None:
            self._journal.add(index, digest)
        self.pieces.add(index, digest)
        return self._digest.plain(digest)

    def holds(self, index: int, span: tuple[int, int]) -> bytes | None:
        """Compare a piece that an earlier download left with its digest.

        Args:
            index: The piece's number, from zero.
            span: Its offset and length in bytes.

        Returns:
            What the file's proof needs of the digest; None when the piece is not there after all.
        """
        hasher, length = self.hasher(index), 0
        if hasher is not None:
            for block in self.part.blocks(*span):
                hasher.update(block)
                length += len(block)
            if length == span[1] and hasher.digest() == self.pieces.digest(index):
                return self._digest.plain(self.pieces.digest(index))
        self.pieces.remove(index)
        return None

    def complete(self, *, modified: datetime | None = None, fsync: bool = False) -> None:
        """Give the file its final name, and remove what else there is of it; see :meth:`PartFile.commit`.

        Args:
            modified: The modification time to give it; None leaves it as it is.
            fsync: Whether to force it to the disk.

        Raises:
            FileError: Somebody else removed it or its folder, took it over, or changed its size.
        """
        self.part.commit(size=self._size, modified=modified, fsync=fsync)
        if self._journal is not None:
            self._journal.delete()
        with self.part.target as target:
            clear_broken_off(target)

    def leave(self) -> None:
        """Leave what was fetched for the next download of the same target, if it can be resumed."""
        if self._journal is None or not len(self.pieces):
            self.discard()
            return
        with self.part.target:
            self.part.close()
            self._journal.release()

    def discard(self) -> None:
        """Remove everything."""
        with self.part.target:
            self.part.discard()
            if self._journal is not None:
                self._journal.delete()


def begin(target: Target, heading: Heading, digest: RangeDigest, seal: Seal) -> Partial:
    """Begin a large download, or resume one of the same object that broke off.

    Args:
        target: The target; what is returned closes its folder.
        heading: What is fetched and how it is cut.
        digest: What its pieces are hashed by.
        seal: The user's seal.

    Raises:
        IsADirectoryError: A folder has the target's name.
        OSError: A file cannot be made.
    """
    stem = part_stem(target.name)
    for part, found in sorted(_broken_off(target), key=lambda pair: -len(pair[1].pieces)):
        token = seal.token(stem)
        taken = _taken_over(target, part, found, heading, token)
        if taken is not None:
            return Partial(*taken, heading, digest)
    token = seal.token(stem)
    # The journal comes first: it tells the next download whose part file it is, even if this process dies now.
    journal = Journal(target, token, heading) if seal.proves else None
    try:
        return Partial(
            PartFile(target, token), journal, Pieces(heading.pieces, heading.width), heading, digest
        )
    except BaseException:
        if journal is not None:
            journal.delete()
        raise


def clear_broken_off(target: Target) -> None:
    """Remove what downloads of a target left that broke off, now that it is there.

    Args:
        target: The target.
    """
    for part, _ in _broken_off(target):
        _remove(target, part)


def _broken_off(target: Target) -> Iterator[tuple[PartName, Found]]:
    for part in target.leftovers:
        found = read_journal(target, part.token)
        if found is None or found.heading.target != target.name:
            continue
        if time.time() - found.modified > DEAD_SECONDS or part.is_of_the_dead():
            yield part, found


def _taken_over(
    target: Target, part: PartName, found: Found, heading: Heading, token: str
) -> tuple[PartFile, Journal, Pieces] | None:
    """Take over a download that broke off, or remove what it left when that is of no use."""
    if found.heading != heading or not heading.width:
        _remove(target, part)
        return None
    journal = Journal(target, token, heading, found.pieces)
    try:
        # Only one can succeed with this. Windows refuses it while somebody has the file open.
        target.folder.rename(part_name(target.name, part.token), part_name(target.name, token))
        taken = PartFile(target, token, existing=True)
    except OSError:
        journal.delete()
        return None
    except BaseException:
        journal.delete()
        raise
    with contextlib.suppress(OSError):
        target.folder.unlink(journal_name(target.name, part.token))
    return taken, journal, found.pieces


def _remove(target: Target, part: PartName) -> None:
    for name in (part_name(target.name, part.token), journal_name(target.name, part.token)):
        with contextlib.suppress(OSError):
            target.folder.unlink(name)
