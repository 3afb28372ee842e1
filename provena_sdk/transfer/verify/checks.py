"""What proves that a file is what the store holds: which of the object's checksums, and over which of its parts."""

from __future__ import annotations

import base64
import binascii
from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final

from provena_sdk.s3.checksums import Hasher, crc32_combine, even_parts, new_hasher, parse_etag
from provena_sdk.s3.models import ObjectState
from provena_sdk.transfer.resume.range_digest import hasher_for
from provena_sdk.transfer.resume.ranges import Layout

NOT_A_CHECKSUM: Final = "only its size could be verified; the store's ETag is no checksum here"
PARTS_UNKNOWN: Final = "only its size could be verified; the store does not tell how large its parts were"

_FULL: Final = ("crc32", "crc64nvme", "crc32c", "sha1", "sha256")
_FAST: Final = frozenset({"crc32", "crc64nvme", "crc32c"})


@dataclass(frozen=True, slots=True)
class Proof:
    """One checksum of an object.

    Args:
        kind: ``etag``, or the name of a checksum that the store keeps beside it.
        algorithm: What it is computed by.
        expected: It, in hexadecimal.
        count: The number of parts it is made of; None when it covers the whole object.
        parts: The sizes of the parts in bytes, as far as they are known.
    """

    kind: str
    algorithm: str
    expected: str
    count: int | None = None
    parts: tuple[int, ...] | None = None

    @property
    def checksum(self) -> str:
        """It, as a report names it.

        Example:
            >>> Proof("etag", "md5", "d41d8cd9").checksum, Proof("etag", "md5", "d41d8cd9", 3).checksum
            ('md5:d41d8cd9', 'etag:d41d8cd9-3')
            >>> Proof("crc32", "crc32", "cbf43926").checksum
            'crc32:cbf43926'
        """
        if self.count is None:
            return f"{self.algorithm}:{self.expected}"
        return f"{self.kind}:{self.expected}-{self.count}"

    @property
    def in_any_order(self) -> bool:
        """Whether pieces of a part can be hashed in any order and put together afterwards."""
        return self.count is None and self.algorithm == "crc32"

    @property
    def resists_forgery(self) -> bool:
        """Whether nobody can make other bytes of this checksum; for bytes of somebody else's, MD5 still does."""
        return self.algorithm not in _FAST

    def matches(self, digest: bytes) -> bool:
        """Whether a digest is the one expected."""
        return digest.hex() == self.expected


def proofs(state: ObjectState) -> list[Proof]:
    """List what could prove an object right, the cheapest first.

    Args:
        state: What the store says of the object.

    Example:
        >>> md5, kept = "25f9e794323b453885f5181f1b624d0b", {"crc32": "y/Q5Jg=="}
        >>> state = ObjectState(9, md5, None, kept, "FULL_OBJECT", None, False, None)
        >>> [proof.checksum for proof in proofs(state)]
        ['crc32:cbf43926', 'md5:25f9e794323b453885f5181f1b624d0b']
    """
    kept = _kept(state.checksums, state.checksum_type)
    found = [proof for proof in kept if proof.algorithm in _FAST]
    etag = None if state.opaque_etag else parse_etag(state.etag)
    if etag is not None:
        found.append(Proof("etag", "md5", etag.digest, etag.parts))
    found += [proof for proof in kept if proof.algorithm not in _FAST]
    return found


def _kept(checksums: Mapping[str, str], checksum_type: str | None) -> list[Proof]:
    found = []
    for algorithm in _FULL:
        value, dash, count = checksums.get(algorithm, "").partition("-")
        # Without its number of parts, a checksum of checksums tells nothing.
        if not value or new_hasher(algorithm) is None or (checksum_type == "COMPOSITE" and not dash):
            continue
        try:
            digest = base64.b64decode(value, validate=True)
        except binascii.Error:
            continue
        if not dash:
            found.append(Proof(algorithm, algorithm, digest.hex()))
        elif count.isdecimal() and int(count) > 0:
            found.append(Proof(algorithm, algorithm, digest.hex(), int(count)))
    return sorted(found, key=lambda proof: proof.count is not None)


def with_even_parts(proof: Proof, size: int, first: int | None) -> Proof | None:
    """Add the sizes of the parts, taking all but the last for as large as the first.

    Args:
        proof: A proof made of parts.
        size: The object's size in bytes.
        first: The first part's size in bytes; None when the store does not tell.

    Returns:
        None when the object has another number of parts, so that they differ in size.
    """
    if proof.count == 1:
        return replace(proof, parts=(size,))
    if not first or -(-size // first) != proof.count:
        return None
    return replace(proof, parts=tuple(even_parts(size, first)))


def digest_of(blocks: Iterable[bytes | bytearray | memoryview], algorithm: str) -> bytes:
    """Return the digest of some bytes that come in blocks.

    Args:
        blocks: The bytes.
        algorithm: One that :func:`~provena_sdk.s3.checksums.new_hasher` knows.
    """
    hasher = hasher_for(algorithm)
    for block in blocks:
        hasher.update(block)
    return hasher.digest()


def proves(proof: Proof, read: Callable[[int, int], Iterable[bytes | bytearray | memoryview]]) -> bool:
    """Hash a whole file and compare.

    Args:
        proof: What to compare with; its parts are known, unless it covers the whole object.
        read: Yields the bytes from an offset on, of a length; both in bytes, a length of -1 meaning all.
    """
    if proof.count is None:
        return proof.matches(digest_of(read(0, -1), proof.algorithm))
    digests, offset = [], 0
    for size in proof.parts or ():
        digests.append(digest_of(read(offset, size), proof.algorithm))
        offset += size
    return proof.matches(digest_of(digests, proof.algorithm))


class _Part:
    """A part of several pieces, hashed in order as they come."""

    __slots__ = ("busy", "hasher", "next")

    def __init__(self, hasher: Hasher, first: int) -> None:
        self.hasher = hasher
        self.next = first
        self.busy = False


class RunningProof:
    """Hashes the pieces of a file while they arrive, in any order and from several threads.

    Each piece has a digest of its own. Where the file's cannot be made of those, because it covers several pieces in
    their order, they are read back when their turn comes, mostly from the system's memory; none is kept in ours.

    Args:
        proof: What the object is compared with; None compares with nothing, and hashes nothing.
        layout: How the file is cut into pieces.
        read: Yields bytes of the file that were written, from an offset on, of a length, both in bytes.
    """

    def __init__(
        self, proof: Proof | None, layout: Layout, read: Callable[[int, int], Iterable[bytes]]
    ) -> None:
        self._proof = proof
        self._layout = layout
        self._read = read
        self._lock = Lock()
        self._there = bytearray(len(layout))
        self._crcs = array("I", bytes(array("I").itemsize * len(layout))) if self._combines else None
        self._digests: list[bytes] = [b""] * len(layout.parts)
        self._parts: dict[int, _Part] = {}

    @property
    def _combines(self) -> bool:
        return self._proof is not None and self._proof.in_any_order

    def add(self, index: int, digest: bytes) -> None:
        """Take a piece that was written.

        Args:
            index: Its number, from zero.
            digest: The digest of its bytes; see :func:`piece_digest`.

        Raises:
            ValueError: It was taken before; what the file holds is then no longer what was hashed.
        """
        number = self._layout.part(index)
        with self._lock:
            if self._there[index]:
                raise ValueError(f"Piece {index} was taken before.")
            self._there[index] = 1
            if self._proof is None:
                return
            if self._crcs is not None:
                self._crcs[index] = int.from_bytes(digest, "big")
                return
            if self._layout.one_each:
                self._digests[number] = digest
                return
            part = self._parts.get(number)
            if part is None:
                hasher = hasher_for(self._proof.algorithm)
                part = self._parts[number] = _Part(hasher, self._layout.pieces(number).start)
            if part.busy or not self._there[part.next]:
                return
            part.busy = True
        self._follow(number, part)

    def _follow(self, number: int, part: _Part) -> None:
        """Hash the pieces of a part whose turn it is, until the next one is not there yet."""
        end = self._layout.pieces(number).stop
        while True:
            for block in self._read(*self._layout.span(part.next)):
                part.hasher.update(block)
            with self._lock:
                part.next += 1
                if part.next == end:
                    self._digests[number] = part.hasher.digest()
                    del self._parts[number]
                    return
                if not self._there[part.next]:
                    part.busy = False
                    return

    def succeeds(self) -> bool:
        """Whether the file is what was expected; every piece has been added."""
        if self._proof is None:
            return True
        if self._crcs is not None:
            total = 0
            for index, crc in enumerate(self._crcs):
                total = crc32_combine(total, crc, self._layout.span(index)[1])
            return self._proof.matches(total.to_bytes(4, "big"))
        if self._proof.count is None:
            return self._proof.matches(self._digests[0])
        return self._proof.matches(digest_of(self._digests, self._proof.algorithm))


def piece_digest(proof: Proof | None, layout: Layout) -> str:
    """Name what the pieces of a file are hashed by; empty for nothing.

    Where a part is one piece, its hash proves the file as well; else it is the cheapest there is.

    Args:
        proof: What the object is compared with.
        layout: How the file is cut into pieces.
    """
    if proof is None:
        return ""
    return proof.algorithm if layout.one_each and not proof.in_any_order else "crc32"
