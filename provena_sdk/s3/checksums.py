"""The checksums of S3: ETags, and those that the store keeps beside them.

The ETag of an object stored in one piece is the MD5 of its bytes. That of an object uploaded in parts is the MD5
of the parts' MD5s, followed by a dash and the number of parts. Objects encrypted with a managed or a customer's
key have ETags that prove nothing, and the answer's headers say so.

A checksum beside the ETag covers the whole object, or is made of its parts' checksums as the ETag is of MD5s.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

_ETAG: Final = re.compile(r"([0-9a-f]{32})(?:-([1-9][0-9]{0,4}))?")
# CRC-32's polynomial as zlib holds it: the highest bit is the coefficient of x to the 0.
_POLYNOMIAL: Final = 0xEDB88320
_ONE: Final = 1 << 31
# zlib has no CRC of these kinds; Amazon's runtime, when it is installed, has.
_BY_AWSCRT: Final = {"crc32c": 4, "crc64nvme": 8}


@dataclass(frozen=True, slots=True)
class ETag:
    """An ETag that can be checked.

    Args:
        digest: The MD5, in hexadecimal.
        parts: The number of parts, or None when the object was stored in one piece.
    """

    digest: str
    parts: int | None = None


def parse_etag(value: str) -> ETag | None:
    """Read an ETag, or return None when it has not the form of a checksum.

    Args:
        value: The ETag, with or without its quotes.

    Example:
        >>> parse_etag('"d41d8cd98f00b204e9800998ecf8427e"')
        ETag(digest='d41d8cd98f00b204e9800998ecf8427e', parts=None)
        >>> parse_etag('"opaque"')
    """
    match = _ETAG.fullmatch(value.strip('"').lower())
    if match is None:
        return None
    return ETag(match[1], int(match[2]) if match[2] else None)


def md5(data: bytes | bytearray | memoryview) -> str:
    """Return the MD5 of some bytes, in hexadecimal.

    Example:
        >>> md5(b"")
        'd41d8cd98f00b204e9800998ecf8427e'
    """
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def composite(digests: Sequence[str]) -> str:
    """Return the ETag of an object whose parts have these MD5s.

    Example:
        >>> composite([md5(b"a"), md5(b"b")])
        '96e024ba2074fe77e8e965ba43a704be-2'
    """
    return f"{md5(b''.join(map(bytes.fromhex, digests)))}-{len(digests)}"


def even_parts(size: int, part_size: int) -> Iterator[int]:
    """Yield the sizes of the parts when all but the last have one size.

    Example:
        >>> list(even_parts(10, 4)), list(even_parts(0, 4))
        ([4, 4, 2], [0])
    """
    if size == 0:
        yield 0
    for start in range(0, size, part_size):
        yield min(part_size, size - start)


class Hasher(Protocol):
    """What takes bytes in order and gives their checksum, as those of :mod:`hashlib` do."""

    def update(self, data: bytes | bytearray | memoryview, /) -> None:
        """Take further bytes."""
        ...

    def digest(self) -> bytes:
        """Return the checksum of what was taken so far."""
        ...


class _Crc:
    def __init__(self, compute: Callable[[bytes | bytearray | memoryview, int], int], width: int) -> None:
        self._compute = compute
        self._width = width
        self._value = 0

    def update(self, data: bytes | bytearray | memoryview, /) -> None:
        self._value = self._compute(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._width, "big")


def new_hasher(algorithm: str) -> Hasher | None:
    """Return what computes a checksum, or None when nothing on this machine does.

    Args:
        algorithm: ``md5``, ``sha1``, ``sha256``, ``crc32``, ``crc32c`` or ``crc64nvme``. The last two need Amazon's
            runtime (the package ``awscrt``), which is used when it is there and never asked for.

    Example:
        >>> hasher = new_hasher("crc32")
        >>> hasher.update(b"123456789")
        >>> hasher.digest().hex()
        'cbf43926'
    """
    if algorithm == "crc32":
        return _Crc(zlib.crc32, 4)
    if algorithm in ("md5", "sha1", "sha256"):
        return hashlib.new(algorithm, usedforsecurity=False)
    width = _BY_AWSCRT.get(algorithm)
    if width is None:
        return None
    try:
        compute = getattr(importlib.import_module("awscrt.checksums"), algorithm)
    except (ImportError, AttributeError):
        return None
    return _Crc(compute, width)


def crc32_combine(first: int, second: int, length: int) -> int:
    """Return the CRC32 of two runs of bytes, one behind the other, from the CRC32 of each.

    Args:
        first: The CRC32 of the first.
        second: The CRC32 of the second.
        length: The second's length in bytes.

    Example:
        >>> crc32_combine(zlib.crc32(b"coral "), zlib.crc32(b"reef"), 4) == zlib.crc32(b"coral reef")
        True
    """
    return _product(_shift(length), first) ^ second


def _product(left: int, right: int) -> int:
    """Multiply two polynomials over GF(2), modulo CRC-32's."""
    result = 0
    bit = _ONE
    while left:
        if left & bit:
            result ^= right
            left ^= bit
        bit >>= 1
        right = (right >> 1) ^ _POLYNOMIAL if right & 1 else right >> 1
    return result


@functools.lru_cache(maxsize=256)
def _shift(length: int) -> int:
    """Return x to the power of 8 times a length: what appending so many bytes multiplies a CRC by."""
    result, square = _ONE, 1 << 23  # x to the 8
    while length:
        if length & 1:
            result = _product(square, result)
        square = _product(square, square)
        length >>= 1
    return result
