"""The digest of each range of a download: what its journal records, and what a checksum of the file is made of."""

from __future__ import annotations

from dataclasses import dataclass

from provena_sdk.s3.checksums import Hasher, new_hasher
from provena_sdk.transfer.local.seal import SEAL_BYTES, Seal


@dataclass(frozen=True, slots=True)
class RangeDigest:
    """How the ranges of a file are hashed.

    Args:
        algorithm: What the file's checksum is made of, such as ``crc32``; empty for nothing.
        seal: The user's seal; None where the file's checksum would reveal bytes that somebody else wrote.
    """

    algorithm: str
    seal: Seal | None

    @property
    def name(self) -> str:
        """Its name, such as ``crc32+seal``; empty if nothing is hashed."""
        return "+".join(filter(None, (self.algorithm, "seal" if self.seal else "")))

    @property
    def width(self) -> int:
        """The size of a range's digest in bytes."""
        return digest_width(self.algorithm) + (SEAL_BYTES if self.seal else 0)

    def hasher(self, purpose: str) -> Hasher | None:
        """Return a hasher for one range; None if nothing is hashed.

        Args:
            purpose: Which range of which download.
        """
        plain = hasher_for(self.algorithm) if self.algorithm else None
        if self.seal is None:
            return plain
        sealing = self.seal.hasher(purpose)
        return sealing if plain is None else _Both(plain, sealing)

    def plain(self, digest: bytes) -> bytes:
        """Return the part of a range's digest that the file's checksum is made of."""
        return digest[: digest_width(self.algorithm)]


def digest_width(algorithm: str) -> int:
    """Return the size of a digest in bytes; 0 for no algorithm.

    Example:
        >>> digest_width("crc32"), digest_width("md5"), digest_width("")
        (4, 16, 0)
    """
    return len(hasher_for(algorithm).digest()) if algorithm else 0


def hasher_for(algorithm: str) -> Hasher:
    """Return a new hasher.

    Args:
        algorithm: One that :func:`~provena_sdk.s3.checksums.new_hasher` knows.

    Raises:
        ValueError: Nothing on this machine computes it.
    """
    hasher = new_hasher(algorithm)
    if hasher is None:
        raise ValueError(f"algorithm: {algorithm!r} cannot be computed here.")
    return hasher


class _Both:
    def __init__(self, first: Hasher, second: Hasher) -> None:
        self._hashers = first, second

    def update(self, data: bytes | bytearray | memoryview, /) -> None:
        for hasher in self._hashers:
            hasher.update(data)

    def digest(self) -> bytes:
        return b"".join(hasher.digest() for hasher in self._hashers)
