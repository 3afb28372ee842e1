"""The digests of a download's segments, for its journal and for the checksum of the whole file."""

from __future__ import annotations

from dataclasses import dataclass

from provena_sdk.s3.checksums import Hasher, new_hasher
from provena_sdk.transfer.local.seal import SEAL_BYTES, Seal


@dataclass(frozen=True, slots=True)
class SegmentDigest:
    """The kind of digest for the segments of a file.

    Args:
        algorithm: The algorithm of the file's checksum, such as ``crc32``; empty if there is none.
        seal: The user's seal; None if the file's checksum would reveal forged bytes.
    """

    algorithm: str
    seal: Seal | None

    @property
    def name(self) -> str:
        """The name, such as ``crc32+seal-blake3``; empty if segments are not hashed."""
        return "+".join(filter(None, (self.algorithm, f"seal-{self.seal.algorithm}" if self.seal else "")))

    @property
    def width(self) -> int:
        """The size of a segment's digest in bytes."""
        return digest_width(self.algorithm) + (SEAL_BYTES if self.seal else 0)

    def hasher(self, purpose: str) -> Hasher:
        """Return a hasher for one segment. Its digest is empty if segments are not hashed.

        Args:
            purpose: A description of the segment's place and its download, which the seal covers besides its length.
        """
        plain = hasher_for(self.algorithm) if self.algorithm else None
        return _SegmentHasher(plain, self.seal.hasher(purpose) if self.seal else None)

    def plain(self, digest: bytes) -> bytes:
        """Return the part of a segment's digest from which the file's checksum is computed."""
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


class _SegmentHasher:
    def __init__(self, plain: Hasher | None, sealing: Hasher | None) -> None:
        self._plain = plain
        self._sealing = sealing
        self._length = 0

    def update(self, data: bytes | bytearray | memoryview, /) -> None:
        self._length += len(data)
        if self._plain is not None:
            self._plain.update(data)
        if self._sealing is not None:
            self._sealing.update(data)

    def digest(self) -> bytes:
        digest = b"" if self._plain is None else self._plain.digest()
        if self._sealing is not None:
            # The length comes last, because it is not known before.
            self._sealing.update(self._length.to_bytes(8, "big"))
            digest += self._sealing.digest()
        return digest
