"""A download that can be resumed, with its part file and journal."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Final, NamedTuple

from provena_sdk.datasets.paths import journal_name, part_name, part_stem
from provena_sdk.s3.checksums import Hasher
from provena_sdk.transfer.local.destination import Target
from provena_sdk.transfer.local.seal import PartName, Seal
from provena_sdk.transfer.resume.download_journal import DownloadJournal, Heading, SavedJournal, read_journal
from provena_sdk.transfer.resume.part_file import PartFile
from provena_sdk.transfer.resume.ranges import Segment, Segments
from provena_sdk.transfer.resume.segment_digest import SegmentDigest

DEAD_SECONDS: Final = 3600.0
"""The time in seconds without any write after which a download must have ended."""


class PartialDownload:
    """A running download. Complete, keep or discard it at the end, which also closes its folder.

    Args:
        part: The part file.
        journal: The journal; None if there is no key to seal it, so the download cannot be resumed.
        stored: The segments of an earlier download, not checked against their digests yet.
        heading: The object to download.
        digest: How to hash the segments.
    """

    def __init__(
        self,
        part: PartFile,
        journal: DownloadJournal | None,
        stored: Segments,
        heading: Heading,
        digest: SegmentDigest,
    ) -> None:
        self.part = part
        self.stored = stored
        self._journal = journal
        self._digest = digest
        self._purpose = json.dumps(asdict(heading), sort_keys=True)
        self._size = heading.size
        self._is_worth_keeping = len(stored) > 0

    def hasher(self, offset: int) -> Hasher:
        """Return a hasher for a segment.

        Args:
            offset: The segment's offset in bytes.
        """
        return self._digest.hasher(f"{offset} {self._purpose}")

    def add(self, segment: Segment) -> bytes:
        """Record a segment written to the part file.

        Returns:
            The part of the digest from which the file's checksum is computed.
        """
        if self._journal is not None:
            self._journal.add(segment)
        self._is_worth_keeping = True
        return self._digest.plain(segment.digest)

    def check(self, segment: Segment) -> bytes | None:
        """Check a segment kept by an earlier download against its digest.

        Returns:
            The part of the digest from which the file's checksum is computed; None if the segment is damaged.
        """
        hasher, length = self.hasher(segment.offset), 0
        for block in self.part.blocks(segment.offset, segment.length):
            hasher.update(block)
            length += len(block)
        if length != segment.length or not segment.digest or hasher.digest() != segment.digest:
            return None
        return self._digest.plain(segment.digest)

    def complete(self, *, modified: datetime | None = None, fsync: bool = False) -> None:
        """Rename the part file to its target, and remove the journal and leftovers; see :meth:`PartFile.commit`.

        Args:
            modified: The modification time to set; None leaves it unchanged.
            fsync: Whether to flush the file to disk.

        Raises:
            FileError: Another process removed or renamed the file, moved its folder, or changed the file's size.
        """
        self.part.commit(size=self._size, modified=modified, fsync=fsync)
        if self._journal is not None:
            self._journal.delete()
        with self.part.target as target:
            remove_interrupted(target)

    def keep(self) -> None:
        """Keep the segments for the next download of the target. If it could not use them, discard everything."""
        if self._journal is None or not self._is_worth_keeping:
            self.discard()
            return
        with self.part.target:
            self.part.close()
            self._journal.release()

    def discard(self) -> None:
        """Remove the part file and the journal."""
        with self.part.target:
            self.part.discard()
            if self._journal is not None:
                self._journal.delete()


def begin_or_resume(target: Target, heading: Heading, digest: SegmentDigest, seal: Seal) -> PartialDownload:
    """Start a download, or resume an interrupted download of the same object.

    Args:
        target: The target. The returned download closes its folder.
        heading: The object to download.
        digest: How to hash the segments; where no other user can write, they get no seal.
        seal: The user's seal.

    Raises:
        IsADirectoryError: A folder has the target's name.
        OSError: A file cannot be created.
    """
    stem = part_stem(target.name)
    ways = _ways(target, heading, digest)
    for part, found in sorted(_interrupted(target), key=lambda pair: -pair[1].segments.bytes):
        way = next((way for way in ways if way.continues(found)), None)
        if way is None:
            _remove(target, part)
            continue
        taken = _take_over(target, part, found, way, seal.token(stem))
        if taken is not None:
            return PartialDownload(*taken, way.heading, way.digest)
    token = seal.token(stem)
    # Write the journal first, so that the next download knows what the part file is, even if this process dies now.
    way, journal = _begin_journal(target, token, ways) if seal.has_key else (ways[-1], None)
    try:
        part_file = PartFile(target, token)
    except BaseException:
        if journal is not None:
            journal.delete()
        raise
    return PartialDownload(part_file, journal, Segments(way.heading.width), way.heading, way.digest)


class _Way(NamedTuple):
    """A way to record segments: the heading of the journal, the digest, and whether only this user may write them."""

    heading: Heading
    digest: SegmentDigest
    private: bool

    def continues(self, found: SavedJournal) -> bool:
        """Return whether the segments of an earlier download were recorded in this way, and can be trusted."""
        return (
            self.heading.width > 0 and found.heading == self.heading and (found.private or not self.private)
        )


def _ways(target: Target, heading: Heading, digest: SegmentDigest) -> list[_Way]:
    """Return the ways to record segments in a folder, the fastest first.

    A seal over all bytes takes a seventh of the download's CPU time. Where no other user can write, the checksum alone
    shows what the disk did not keep.
    """
    sealed = _Way(heading, digest, private=False)
    if digest.seal is None or not digest.algorithm or not target.folder.is_private():
        return [sealed]
    plain = replace(digest, seal=None)
    return [_Way(replace(heading, width=plain.width, digest=plain.name), plain, private=True), sealed]


def _begin_journal(target: Target, token: str, ways: Sequence[_Way]) -> tuple[_Way, DownloadJournal]:
    """Create the journal of a download in the first way that new files in this folder allow."""
    for way in ways[:-1]:
        journal = DownloadJournal(target, token, way.heading)
        if journal.is_private:
            return way, journal
        journal.delete()
    return ways[-1], DownloadJournal(target, token, ways[-1].heading)


def remove_interrupted(target: Target) -> None:
    """Remove the leftovers of interrupted downloads of a complete target.

    Args:
        target: The target.
    """
    for part, _ in _interrupted(target):
        _remove(target, part)


def _interrupted(target: Target) -> Iterator[tuple[PartName, SavedJournal]]:
    for part in target.leftovers:
        found = read_journal(target, part.token)
        if found is None or found.heading.target != target.name:
            continue
        if time.time() - found.modified > DEAD_SECONDS or part.process_is_dead():
            yield part, found


def _take_over(
    target: Target, part: PartName, found: SavedJournal, way: _Way, token: str
) -> tuple[PartFile, DownloadJournal, Segments] | None:
    """Take over an interrupted download, or return None."""
    journal = DownloadJournal(target, token, way.heading, found.segments)
    if way.private and not journal.is_private:
        journal.delete()
        return None
    try:
        # Only one process can rename it. On Windows none can while another has the file open.
        target.folder.rename(part_name(target.name, part.token), part_name(target.name, token))
        taken = PartFile(target, token, existing=True, private=way.private)
    except OSError:
        journal.delete()
        return None
    except BaseException:
        journal.delete()
        raise
    with contextlib.suppress(OSError):
        target.folder.unlink(journal_name(target.name, part.token))
    return taken, journal, found.segments


def _remove(target: Target, part: PartName) -> None:
    for name in (part_name(target.name, part.token), journal_name(target.name, part.token)):
        with contextlib.suppress(OSError):
            target.folder.unlink(name)
