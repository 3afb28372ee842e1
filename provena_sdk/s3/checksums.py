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
from typing import Final, Protocol, TypeAlias, cast

_ETAG: Final = re.compile(r"([0-9a-f]{32})(?:-([1-9][0-9]{0,4}))?")
# Of the CRCs, in the usual bit order: the highest bit is the coefficient of x to the 0.
_POLYNOMIALS: Final = {"crc32": 0xEDB88320, "crc32c": 0x82F63B78, "crc64nvme": 0x9A6C9329AC4BC9B5}
_ANYCRC: Final = {"crc32c": "CRC32C", "crc64nvme": "CRC64-NVME"}
# anycrc holds the interpreter's lock, so larger blocks are hashed in steps.
_STEP_BYTES: Final = 256 * 1024

CRCS: Final = {"crc32": 4, "crc32c": 4, "crc64nvme": 8}
"""The CRCs that S3 keeps, and their sizes in bytes. :func:`combine` combines those of consecutive bytes."""


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


_Compute: TypeAlias = Callable[[bytes | bytearray | memoryview, int], int]


class _Crc:
    def __init__(self, compute: _Compute, width: int) -> None:
        self._compute = compute
        self._width = width
        self._value = 0

    def update(self, data: bytes | bytearray | memoryview, /) -> None:
        self._value = self._compute(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._width, "big")


def new_hasher(algorithm: str) -> Hasher | None:
    """Return a hasher for a checksum, or None if this machine cannot compute it.

    Args:
        algorithm: ``md5``, ``sha1``, ``sha256``, ``crc32``, ``crc32c`` or ``crc64nvme``. The last two need the package
            ``anycrc``; without ``isal``, a CRC32 takes about ten times as long.

    Example:
        >>> hasher = new_hasher("crc64nvme")
        >>> hasher.update(b"123456789")
        >>> hasher.digest().hex()
        'ae8b14860a799888'
    """
    if algorithm in ("md5", "sha1", "sha256"):
        return hashlib.new(algorithm, usedforsecurity=False)
    compute = _computation(algorithm) if algorithm in CRCS else None
    return None if compute is None else _Crc(compute, CRCS[algorithm])


def crc32(data: bytes | bytearray | memoryview) -> bytes:
    """Return the CRC32 of some bytes.

    Example:
        >>> crc32(b"123456789").hex()
        'cbf43926'
    """
    compute = _computation("crc32") or zlib.crc32
    return compute(data, 0).to_bytes(4, "big")


@functools.cache
def computable() -> tuple[str, ...]:
    """Return the checksums that this machine can compute, the cheapest first.

    The order depends on the installed packages only, so that a resumed download chooses the same checksum.
    """
    crcs = [algorithm for algorithm in CRCS if _computation(algorithm) is not None]
    if _computation("crc32") is zlib.crc32:
        crcs = [*crcs[1:], "crc32"]
    return (*crcs, "sha1", "sha256", "md5")


@functools.cache
def _computation(algorithm: str) -> _Compute | None:
    """Return the fastest function that continues a CRC over more bytes."""
    # Imported when first needed, because most programs compute no CRC.
    if algorithm == "crc32":
        try:
            return cast("_Compute", importlib.import_module("isal.isal_zlib").crc32)
        except ImportError:
            return zlib.crc32
    try:
        continued: _Compute = importlib.import_module("anycrc").Model(_ANYCRC[algorithm]).calc
    except ImportError:
        return None

    def compute(data: bytes | bytearray | memoryview, value: int) -> int:
        if len(data) <= _STEP_BYTES:
            return continued(data, value)
        view = memoryview(data)
        for start in range(0, len(view), _STEP_BYTES):
            value = continued(view[start : start + _STEP_BYTES], value)
        return value

    return compute


def combine(algorithm: str, first: bytes, second: bytes, length: int) -> bytes:
    """Return the CRC of two concatenated byte strings, from the CRC of each.

    Args:
        algorithm: ``crc32``, ``crc32c`` or ``crc64nvme``.
        first: The CRC of the first string, as :meth:`Hasher.digest` returns it.
        second: The CRC of the second string.
        length: The length of the second string in bytes.

    Raises:
        KeyError: The algorithm is not a CRC.

    Example:
        >>> left, right = (zlib.crc32(text).to_bytes(4, "big") for text in (b"coral ", b"reef"))
        >>> combine("crc32", left, right, 4) == zlib.crc32(b"coral reef").to_bytes(4, "big")
        True
    """
    polynomial, width = _POLYNOMIALS[algorithm], CRCS[algorithm]
    shifted = _product(_shift(algorithm, length), int.from_bytes(first, "big"), polynomial, 8 * width)
    return (shifted ^ int.from_bytes(second, "big")).to_bytes(width, "big")


def _product(left: int, right: int, polynomial: int, bits: int) -> int:
    """Multiply two polynomials over GF(2), modulo a CRC's polynomial of this many bits."""
    result = 0
    bit = 1 << (bits - 1)
    while left:
        if left & bit:
            result ^= right
            left ^= bit
        bit >>= 1
        right = (right >> 1) ^ polynomial if right & 1 else right >> 1
    return result


@functools.lru_cache(maxsize=1024)
def _shift(algorithm: str, length: int) -> int:
    """Return x to the power of 8 times a length, the factor by which appending that many bytes multiplies a CRC."""
    polynomial, bits = _POLYNOMIALS[algorithm], 8 * CRCS[algorithm]
    result, square = 1 << (bits - 1), 1 << (bits - 9)  # x to the 0, and x to the 8
    while length:
        if length & 1:
            result = _product(square, result, polynomial, bits)
        square = _product(square, square, polynomial, bits)
        length >>= 1
    return result
