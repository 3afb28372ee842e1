"""The checksums of S3: ETags, and the checksums that the store keeps in addition.

The ETag of an object stored by one request is the MD5 of its bytes. The ETag of an object uploaded in parts is the MD5
of the parts' MD5s, followed by a dash and the number of parts. For objects encrypted with a managed or a customer's
key, as the answer's headers show, the ETag is not a checksum.

An additional checksum covers the whole object, or is computed from the parts' checksums as the ETag is from MD5s.
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
# CRC-32's polynomial in zlib's bit order: the highest bit is the coefficient of x to the 0.
_POLYNOMIAL: Final = 0xEDB88320
_ONE: Final = 1 << 31
# zlib lacks these CRCs; Amazon's runtime has them, if it is installed.
_BY_AWSCRT: Final = {"crc32c": 4, "crc64nvme": 8}


@dataclass(frozen=True, slots=True)
class ETag:
    """An ETag in the form of a checksum.

    Args:
        digest: The MD5, in hexadecimal.
        parts: The number of parts; None when the object was stored by one request.
    """

    digest: str
    parts: int | None = None


def parse_etag(value: str) -> ETag | None:
    """Parse an ETag, or return None if it does not have the form of a checksum.

    Args:
        value: The ETag, with or without quotes.

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
    """Yield the sizes of parts of which all but the last have the same size.

    Example:
        >>> list(even_parts(10, 4)), list(even_parts(0, 4))
        ([4, 4, 2], [0])
    """
    if size == 0:
        yield 0
    for start in range(0, size, part_size):
        yield min(part_size, size - start)


class Hasher(Protocol):
    """A computation of a checksum over consecutive bytes, as in :mod:`hashlib`."""

    def update(self, data: bytes | bytearray | memoryview, /) -> None:
        """Add the next bytes."""
        ...

    def digest(self) -> bytes:
        """Return the checksum of the bytes so far."""
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
    """Return a hasher for a checksum, or None if this machine has none.

    Args:
        algorithm: ``md5``, ``sha1``, ``sha256``, ``crc32``, ``crc32c`` or ``crc64nvme``. The last two need Amazon's
            runtime (the package ``awscrt``), which is optional.

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
    """Return the CRC32 of two concatenated byte strings, from the CRC32 of each.

    Args:
        first: The CRC32 of the first string.
        second: The CRC32 of the second string.
        length: The length of the second string in bytes.

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
    """Return x to the power of 8 times a length, the factor by which appending that many bytes multiplies a CRC."""
    result, square = _ONE, 1 << 23  # x to the 8
    while length:
        if length & 1:
            result = _product(square, result)
        square = _product(square, square)
        length >>= 1
    return result
