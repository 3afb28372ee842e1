"""The checksums of an object, and the verification of a file against them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final

from provena_sdk.s3.checksums import CRCS, Hasher, combine, computable, even_parts, parse_etag
from provena_sdk.s3.models import ObjectState
from provena_sdk.transfer.resume.range_digest import hasher_for
from provena_sdk.transfer.resume.ranges import Layout

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
    def combines(self) -> bool:
        """Whether it can be computed from the digests of ranges; see :func:`~provena_sdk.s3.checksums.combine`."""
        return self.count is None and self.algorithm in CRCS

    @property
    def resists_forgery(self) -> bool:
        """Whether it is infeasible to craft other bytes with this checksum.

        MD5 suffices here, because the attacker does not choose the object's bytes.
        """
        return self.algorithm not in CRCS

    def matches(self, digest: bytes) -> bool:
        """Return whether a digest equals the checksum."""
        return digest.hex() == self.expected


def checksums_of(state: ObjectState) -> list[Checksum]:
    """Return the checksums of an object that this machine can compute, the cheapest first.

    Args:
        state: The object's state as the store reports it.

    Example:
        >>> md5, kept = "25f9e794323b453885f5181f1b624d0b", {"crc32": "y/Q5Jg=="}
        >>> state = ObjectState(9, md5, None, kept, "FULL_OBJECT", None, False, None)
        >>> [checksum.label for checksum in checksums_of(state)]
        ['crc32:cbf43926', 'md5:25f9e794323b453885f5181f1b624d0b']
    """
    kept = (_kept(algorithm, state) for algorithm in computable())
    found = [checksum for checksum in kept if checksum is not None]
    # A CRC of the whole file needs neither the sizes of parts nor the ranges in order.
    return sorted(found, key=lambda checksum: (checksum.algorithm not in CRCS, checksum.count is not None))


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
    return f"nothing installed computes its {names} (pip install anycrc)"


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


class _Part:
    """The running hash of a part that has several ranges."""

    __slots__ = ("busy", "hasher", "next")

    def __init__(self, hasher: Hasher, first: int) -> None:
        self.hasher = hasher
        self.next = first
        self.busy = False


class RunningChecksum:
    """The checksum of a file whose ranges arrive in any order. Thread-safe.

    It is computed from the digests of the ranges if possible. Otherwise, each part is read back and hashed range by
    range, in order, as the ranges arrive. They mostly come from the system's cache.

    Args:
        checksum: The checksum to compare with; None hashes nothing.
        layout: The ranges of the file.
        read: Yields written bytes, given an offset and a length in bytes.
    """

    def __init__(
        self, checksum: Checksum | None, layout: Layout, read: Callable[[int, int], Iterable[bytes]]
    ) -> None:
        self._checksum = checksum
        self._layout = layout
        self._read = read
        self._lock = Lock()
        self._added = bytearray(len(layout))
        self._crcs = (
            bytearray(CRCS[checksum.algorithm] * len(layout)) if checksum and checksum.combines else None
        )
        self._digests: list[bytes] = [b""] * len(layout.parts)
        self._parts: dict[int, _Part] = {}

    def add(self, index: int, digest: bytes) -> None:
        """Add a range that was written to the file.

        Args:
            index: Its number, from zero.
            digest: The digest of its bytes; see :func:`range_algorithm`.

        Raises:
            ValueError: The range was added before, so its bytes may differ from those that were hashed.
        """
        number = self._layout.part(index)
        with self._lock:
            if self._added[index]:
                raise ValueError(f"Range {index} was added before.")
            self._added[index] = 1
            if self._checksum is None:
                return
            if self._crcs is not None:
                width = len(digest)
                self._crcs[index * width : (index + 1) * width] = digest
                return
            if self._layout.one_range_per_part:
                self._digests[number] = digest
                return
            part = self._parts.get(number)
            if part is None:
                hasher = hasher_for(self._checksum.algorithm)
                part = self._parts[number] = _Part(hasher, self._layout.ranges(number).start)
            if part.busy or not self._added[part.next]:
                return
            part.busy = True
        self._hash_available(number, part)

    def _hash_available(self, number: int, part: _Part) -> None:
        """Hash the ranges of a part in order, up to the first that is missing."""
        end = self._layout.ranges(number).stop
        while True:
            for block in self._read(*self._layout.span(part.next)):
                part.hasher.update(block)
            with self._lock:
                part.next += 1
                if part.next == end:
                    self._digests[number] = part.hasher.digest()
                    del self._parts[number]
                    return
                if not self._added[part.next]:
                    part.busy = False
                    return

    def matches(self) -> bool:
        """Return whether the file matches the checksum. Call it after every range was added."""
        if self._checksum is None:
            return True
        if self._crcs is not None:
            algorithm, crcs = self._checksum.algorithm, memoryview(self._crcs)
            width = CRCS[algorithm]
            total = bytes(width)
            for index in range(len(self._layout)):
                crc = bytes(crcs[index * width : (index + 1) * width])
                total = combine(algorithm, total, crc, self._layout.span(index)[1])
            return self._checksum.matches(total)
        if self._checksum.count is None:
            return self._checksum.matches(self._digests[0])
        return self._checksum.matches(digest_of(self._digests, self._checksum.algorithm))


def range_algorithm(checksum: Checksum | None, layout: Layout) -> str:
    """Return the algorithm to hash the ranges of a file with; empty if there is no checksum to compare with.

    It is the checksum's algorithm if the checksum can be computed from the digests of the ranges: a CRC of the whole
    file, or any checksum if each part is one range. Otherwise it is CRC32.

    Args:
        checksum: The checksum to compare with.
        layout: The ranges of the file.
    """
    if checksum is None:
        return ""
    return checksum.algorithm if layout.one_range_per_part or checksum.combines else "crc32"
