"""The digests of a download's ranges, for its journal and for the checksum of the whole file."""

from __future__ import annotations

from dataclasses import dataclass

from provena_sdk.s3.checksums import Hasher, new_hasher
from provena_sdk.transfer.local.seal import SEAL_BYTES, Seal


@dataclass(frozen=True, slots=True)
class RangeDigest:
    """The kind of digest for the ranges of a file.

    Args:
        algorithm: The algorithm of the file's checksum, such as ``crc32``; empty if there is none.
        seal: The user's seal; None if the file's checksum would reveal forged bytes.
    """

    algorithm: str
    seal: Seal | None

    @property
    def name(self) -> str:
        """The name, such as ``crc32+seal-blake3``; empty if ranges are not hashed."""
        return "+".join(filter(None, (self.algorithm, f"seal-{self.seal.algorithm}" if self.seal else "")))

    @property
    def width(self) -> int:
        """The size of a range's digest in bytes."""
        return digest_width(self.algorithm) + (SEAL_BYTES if self.seal else 0)

    def hasher(self, purpose: str) -> Hasher | None:
        """Return a hasher for one range, or None if ranges are not hashed.

        Args:
            purpose: A description of the range and its download, which the seal covers too.
        """
        plain = hasher_for(self.algorithm) if self.algorithm else None
        if self.seal is None:
            return plain
        sealing = self.seal.hasher(purpose)
        return sealing if plain is None else _HasherPair(plain, sealing)

    def plain(self, digest: bytes) -> bytes:
        """Return the part of a range's digest from which the file's checksum is computed."""
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
        algorithm: An algorithm of :func:`~provena_sdk.s3.checksums.new_hasher`.

    Raises:
        ValueError: No library on this machine computes it.
    """
    hasher = new_hasher(algorithm)
    if hasher is None:
        raise ValueError(f"algorithm: {algorithm!r} cannot be computed here.")
    return hasher


class _HasherPair:
    def __init__(self, first: Hasher, second: Hasher) -> None:
        self._hashers = first, second

    def update(self, data: bytes | bytearray | memoryview, /) -> None:
        for hasher in self._hashers:
            hasher.update(data)

    def digest(self) -> bytes:
        return b"".join(hasher.digest() for hasher in self._hashers)
