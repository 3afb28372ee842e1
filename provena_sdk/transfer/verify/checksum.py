"""The checksums of an object, and the verification of a file against them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final

from provena_sdk.s3.checksums import CRCS, Hasher, combine, computable, even_parts, parse_etag
from provena_sdk.s3.models import ObjectState
from provena_sdk.transfer.resume.ranges import Layout, Segment
from provena_sdk.transfer.resume.segment_digest import hasher_for

PARTS_UNKNOWN: Final = "the store does not report the sizes of its parts"


@dataclass(frozen=True, slots=True)
class Checksum:
    """One checksum of an object.

    Args:
        kind: ``etag``, or the algorithm of a checksum that the store reports besides the ETag.
        algorithm: The algorithm.
        expected: The value in hexadecimal.
        count: The number of parts whose digests it combines; None if it covers the whole object.
        parts: The sizes of the parts in bytes, if known.
    """

    kind: str
    algorithm: str
    expected: str
    count: int | None = None
    parts: tuple[int, ...] | None = None

    @property
    def label(self) -> str:
        """The checksum as shown in reports.

        Example:
            >>> Checksum("etag", "md5", "d41d8cd9").label, Checksum("etag", "md5", "d41d8cd9", 3).label
            ('md5:d41d8cd9', 'etag:d41d8cd9-3')
            >>> Checksum("crc32", "crc32", "cbf43926").label
            'crc32:cbf43926'
        """
        if self.count is None:
            return f"{self.algorithm}:{self.expected}"
        return f"{self.kind}:{self.expected}-{self.count}"

    @property
    def resists_forgery(self) -> bool:
        """Whether it is infeasible to craft other bytes with this checksum.

        MD5 suffices here, because the attacker does not choose the object's bytes.
        """
        return self.algorithm not in CRCS

    def matches(self, digest: bytes) -> bool:
        """Return whether a digest equals the checksum."""
        return digest.hex() == self.expected


def checksums_of(state: ObjectState) -> Iterator[Checksum]:
    """Yield the checksums of an object that this machine can compute, the cheapest first.

    Args:
        state: The object's state as the store reports it.

    Example:
        >>> md5, kept = "25f9e794323b453885f5181f1b624d0b", {"crc32": "y/Q5Jg=="}
        >>> state = ObjectState(9, md5, None, kept, "FULL_OBJECT", None, False, None)
        >>> [checksum.label for checksum in checksums_of(state)]
        ['crc32:cbf43926', 'md5:25f9e794323b453885f5181f1b624d0b']
    """
    crcs = [algorithm for algorithm in computable() if algorithm in CRCS and algorithm in state.checksums]
    # A CRC of the whole file needs neither the sizes of parts nor the ranges in order.
    for algorithms in (crcs, (algorithm for algorithm in computable() if algorithm not in CRCS)):
        found = [checksum for algorithm in algorithms if (checksum := _kept(algorithm, state)) is not None]
        yield from sorted(found, key=lambda checksum: checksum.count is not None)


def _kept(algorithm: str, state: ObjectState) -> Checksum | None:
    if algorithm == "md5":
        etag = None if state.opaque_etag else parse_etag(state.etag)
        return None if etag is None else Checksum("etag", "md5", etag.digest, etag.parts)
    value, dash, count = state.checksums.get(algorithm, "").partition("-")
    # A composite checksum cannot be computed without the number of parts.
    if not value or (state.checksum_type == "COMPOSITE" and not dash):
        return None
    try:
        digest = base64.b64decode(value, validate=True).hex()
    except binascii.Error:
        return None
    if not dash:
        return Checksum(algorithm, algorithm, digest)
    return Checksum(algorithm, algorithm, digest, int(count)) if count.isdecimal() and int(count) else None


def why_no_checksum(state: ObjectState) -> str:
    """Return why :func:`checksums_of` finds no checksum of an object, as the end of a sentence in a report.

    Args:
        state: The object's state as the store reports it.

    Example:
        >>> why_no_checksum(ObjectState(9, "opaque", None, {}, None, None, False, None))
        "the store's ETag is not a checksum here"
    """
    unknown = sorted(state.checksums.keys() - set(computable()))
    if not unknown:
        return "the store's ETag is not a checksum here"
    names = " and ".join(name.upper() for name in unknown)
    return f"no installed package computes its {names} (pip install anycrc)"


def with_even_parts(checksum: Checksum, size: int, first: int | None) -> Checksum | None:
    """Add the sizes of the parts, assuming that all but the last have the size of the first.

    Args:
        checksum: A composite checksum.
        size: The object's size in bytes.
        first: The first part's size in bytes; None if it is unknown.

    Returns:
        The checksum with its parts; None if the first part's size is unknown or does not fit the number of parts.
    """
    if checksum.count == 1:
        return replace(checksum, parts=(size,))
    if not first or -(-size // first) != checksum.count:
        return None
    return replace(checksum, parts=tuple(even_parts(size, first)))


def digest_of(blocks: Iterable[bytes | bytearray | memoryview], algorithm: str) -> bytes:
    """Return the digest of consecutive blocks of bytes.

    Args:
        blocks: The bytes.
        algorithm: An algorithm of :func:`~provena_sdk.s3.checksums.new_hasher`.
    """
    hasher = hasher_for(algorithm)
    for block in blocks:
        hasher.update(block)
    return hasher.digest()


def file_matches(
    checksum: Checksum, read: Callable[[int, int], Iterable[bytes | bytearray | memoryview]]
) -> bool:
    """Hash a whole file, and return whether it matches a checksum.

    Args:
        checksum: The checksum; the sizes of its parts must be known unless it covers the whole object.
        read: Yields bytes, given an offset and a length in bytes; a length of -1 means up to the end.
    """
    if checksum.count is None:
        return checksum.matches(digest_of(read(0, -1), checksum.algorithm))
    digests, offset = [], 0
    for size in checksum.parts or ():
        digests.append(digest_of(read(offset, size), checksum.algorithm))
        offset += size
    return checksum.matches(digest_of(digests, checksum.algorithm))


class _Runs:
    """The bytes of a file that are stored, joined into runs, with the CRC of each run.

    Args:
        algorithm: The CRC; empty to join runs without one.
        bounds: The offsets over which no run is joined.
    """

    def __init__(self, algorithm: str, bounds: Container[int]) -> None:
        self._algorithm = algorithm
        self._bounds = bounds
        self._starts: dict[int, tuple[int, bytes]] = {}
        self._ends: dict[int, int] = {}

    def run(self, start: int) -> tuple[int, bytes]:
        """Return the end and the CRC of the run at an offset, or the offset itself if there is none."""
        return self._starts.get(start, (start, b""))

    def add(self, start: int, end: int, crc: bytes) -> None:
        """Add bytes that follow a run or begin one."""
        if start in self._starts:
            raise ValueError(f"The bytes at {start} were added before.")
        if start not in self._bounds and start in self._ends:
            start = self._ends.pop(start)
            before, former = self._starts.pop(start)
            crc = self._joined(former, crc, end - before)
        if start in self._bounds:
            # Only the first run takes in the ones that follow: they mostly have one length, whose factor is cached.
            while end not in self._bounds and end in self._starts:
                after, next_crc = self._starts.pop(end)
                crc = self._joined(crc, next_crc, after - end)
                end = after
                del self._ends[end]
        self._starts[start] = (end, crc)
        self._ends[end] = start

    def _joined(self, first: bytes, second: bytes, length: int) -> bytes:
        return combine(self._algorithm, first, second, length) if self._algorithm else b""


class _Part:
    """The running hash of a part."""

    __slots__ = ("busy", "hasher", "upto")

    def __init__(self, hasher: Hasher, start: int) -> None:
        self.hasher = hasher
        self.upto = start
        self.busy = False


class RunningChecksum:
    """The checksum of a file whose segments arrive in any order. Thread-safe.

    A CRC is combined from those of the segments. Any other checksum is computed part by part: from the bytes as they
    pass if they arrive in order, and otherwise by reading them back, mostly from the system's cache.

    Args:
        checksum: The checksum to compare with; None hashes nothing.
        layout: The parts of the file.
        read: Yields written bytes, given an offset and a length in bytes.
    """

    def __init__(
        self, checksum: Checksum | None, layout: Layout, read: Callable[[int, int], Iterable[bytes]]
    ) -> None:
        self._checksum = checksum
        self._layout = layout
        self._read = read
        self._lock = Lock()
        self.in_order = checksum is not None and checksum.algorithm not in CRCS
        """Whether the bytes of each part must be hashed in order."""
        spans = map(layout.span, range(len(layout.parts)))
        algorithm = checksum.algorithm if checksum is not None and not self.in_order else ""
        self._runs = _Runs(algorithm, {start for start, _ in spans})
        self._digests: list[bytes] = [b""] * len(layout.parts)
        self._parts: dict[int, _Part] = {}

    def claim(self, offset: int) -> Hasher | None:
        """Return the hasher for bytes that are about to arrive, if all bytes of the part before them are hashed.

        After the bytes were added, call :meth:`release`.

        Args:
            offset: The offset of the first byte.
        """
        if not self.in_order:
            return None
        with self._lock:
            part = self._part(self._layout.part(offset))
            if part.busy or part.upto != offset:
                return None
            part.busy = True
            return part.hasher

    def release(self, offset: int, upto: int) -> None:
        """End the claim of a hasher.

        Args:
            offset: The offset of the first byte.
            upto: The offset after the last byte hashed.
        """
        number = self._layout.part(offset)
        with self._lock:
            part = self._parts[number]
            part.upto, part.busy = upto, False
            self._end_if_whole(number, part)

    def add(self, segment: Segment, digest: bytes) -> None:
        """Add a segment that was written to the file.

        Args:
            segment: The segment.
            digest: The digest of its bytes; see :func:`segment_algorithm`.

        Raises:
            ValueError: The segment was added before, so its bytes may differ from those that were hashed.
        """
        with self._lock:
            self._runs.add(segment.offset, segment.offset + segment.length, digest)

    def catch_up(self, offset: int) -> None:
        """Hash the bytes of a part that were not hashed as they passed, up to the first that is missing.

        Args:
            offset: The offset of any byte of the part.
        """
        if not self.in_order:
            return
        number = self._layout.part(offset)
        start, _ = self._layout.span(number)
        while True:
            with self._lock:
                upto, _ = self._runs.run(start)
                if self._digests[number]:
                    return
                part = self._part(number)
                if part.busy or part.upto >= upto:
                    return
                part.busy = True
            for block in self._read(part.upto, upto - part.upto):
                part.hasher.update(block)
            with self._lock:
                part.upto, part.busy = upto, False
                self._end_if_whole(number, part)

    def _part(self, number: int) -> _Part:
        part = self._parts.get(number)
        if part is None:
            algorithm = self._checksum.algorithm if self._checksum is not None else ""
            part = self._parts[number] = _Part(hasher_for(algorithm), self._layout.span(number)[0])
        return part

    def _end_if_whole(self, number: int, part: _Part) -> None:
        if part.upto == self._layout.span(number)[1]:
            self._digests[number] = part.hasher.digest()
            del self._parts[number]

    def matches(self) -> bool:
        """Return whether the file matches the checksum. Call it after every segment was added."""
        checksum = self._checksum
        if checksum is None:
            return True
        if not self.in_order:
            for number in range(len(self._digests)):
                start, end = self._layout.span(number)
                upto, self._digests[number] = self._runs.run(start)
                if upto != end:
                    return False
        if checksum.count is not None:
            return checksum.matches(digest_of(self._digests, checksum.algorithm))
        return len(self._digests) == 1 and checksum.matches(self._digests[0])


def segment_algorithm(checksum: Checksum | None) -> str:
    """Return the algorithm to hash the segments of a file with; empty if there is no checksum to compare with.

    It is the checksum's algorithm if the checksum can be combined from the digests of segments, and otherwise CRC32.

    Args:
        checksum: The checksum to compare with.
    """
    if checksum is None:
        return ""
    return checksum.algorithm if checksum.algorithm in CRCS else "crc32"
