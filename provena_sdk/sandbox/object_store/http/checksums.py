"""The checksums of Amazon S3: CRC-32, CRC-32C, CRC-64/NVME, SHA-1 and SHA-256.

CRC-32C and CRC-64/NVME are computed by the package anycrc. Without it they are computed in Python, at about 15 MB/s.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import struct
import zlib
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any, Protocol

ALGORITHMS = ("crc32", "crc32c", "crc64nvme", "sha1", "sha256")
CRCS = ("crc32", "crc32c", "crc64nvme")
DEFAULT = "crc64nvme"
"""The checksum that S3 adds to what is uploaded without one."""

POLYNOMIALS = {"crc32": 0xEDB88320, "crc32c": 0x82F63B78, "crc64nvme": 0x9A6C9329AC4BC9B5}
"""Reflected: the highest bit is the coefficient of 1."""


class Checksum(Protocol):
    """The interface of a checksum, as in :mod:`hashlib`."""

    def update(self, data: bytes | memoryview, /) -> None:
        """Add ``data``."""

    def digest(self) -> bytes:
        """Return the checksum of the data added, big-endian."""
        ...


class _Crc32:
    __slots__ = ("_value",)

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes | memoryview, /) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


class _AnyCrc:
    __slots__ = ("_bytes", "_model", "_value")

    def __init__(self, bits: int, model: Any) -> None:
        self._bytes = bits // 8
        self._model = model
        self._value = 0

    def update(self, data: bytes | memoryview, /) -> None:
        self._value = self._model.calc(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._bytes, "big")


class ReflectedCrc:
    """A reflected CRC, computed eight bytes at a time."""

    __slots__ = ("_bits", "_tables", "_value")

    def __init__(self, bits: int, polynomial: int) -> None:
        self._bits = bits
        self._tables = _tables(polynomial)
        self._value = (1 << bits) - 1

    def update(self, data: bytes | memoryview, /) -> None:
        """Add ``data``."""
        t0, t1, t2, t3, t4, t5, t6, t7 = self._tables
        crc = self._value
        whole = len(data) & ~7
        for (word,) in struct.iter_unpack("<Q", data[:whole]):
            crc ^= word
            crc = (
                t7[crc & 255]
                ^ t6[crc >> 8 & 255]
                ^ t5[crc >> 16 & 255]
                ^ t4[crc >> 24 & 255]
                ^ t3[crc >> 32 & 255]
                ^ t2[crc >> 40 & 255]
                ^ t1[crc >> 48 & 255]
                ^ t0[crc >> 56]
            )
        for byte in data[whole:]:
            crc = t0[(crc ^ byte) & 255] ^ crc >> 8
        self._value = crc

    def digest(self) -> bytes:
        """Return the checksum of the data added, big-endian."""
        return (self._value ^ (1 << self._bits) - 1).to_bytes(self._bits // 8, "big")


@cache
def _tables(polynomial: int) -> list[list[int]]:
    first = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (polynomial if crc & 1 else 0)
        first.append(crc)
    tables = [first]
    while len(tables) < 8:
        tables.append([first[crc & 255] ^ crc >> 8 for crc in tables[-1]])
    return tables


def new_checksum(algorithm: str) -> Checksum:
    """Return an empty checksum.

    Args:
        algorithm: One of ``ALGORITHMS``, in any case.

    Raises:
        ValueError: The algorithm is unknown.

    Example:
        >>> crc = new_checksum("crc32c")
        >>> crc.update(b"123456789")
        >>> crc.digest().hex()
        'e3069283'
    """
    match algorithm.lower():
        case "crc32":
            return _Crc32()
        case "crc32c":
            return _crc(32, "crc32c", "CRC32C")
        case "crc64nvme":
            return _crc(64, "crc64nvme", "CRC64-NVME")
        case "sha1":
            return hashlib.sha1(usedforsecurity=False)
        case "sha256":
            return hashlib.sha256()
    raise ValueError(f"algorithm must be one of {', '.join(ALGORITHMS)}, not {algorithm!r}")


def _crc(bits: int, algorithm: str, model: str) -> Checksum:
    try:
        return _AnyCrc(bits, importlib.import_module("anycrc").Model(model))
    except ImportError:
        return ReflectedCrc(bits, POLYNOMIALS[algorithm])


def combined(algorithm: str, parts: Iterable[tuple[bytes, int]]) -> bytes:
    """Return the CRC of concatenated parts, from the CRC and the length of each.

    Args:
        algorithm: One of ``CRCS``.
        parts: The CRC, big-endian, and the length in bytes of each part.

    Example:
        >>> combined("crc32", [(zlib.crc32(b"1234").to_bytes(4, "big"), 4)]).hex()
        '9be3e0a3'
    """
    polynomial = POLYNOMIALS[algorithm]
    bits = 64 if algorithm == "crc64nvme" else 32
    whole = 0
    for crc, size in parts:
        whole = _product(_power(size, polynomial, bits), whole, polynomial, bits) ^ int.from_bytes(crc, "big")
    return whole.to_bytes(bits // 8, "big")


def _product(one: int, other: int, polynomial: int, bits: int) -> int:
    """Multiply two polynomials over GF(2) modulo ``polynomial``; the highest bit is the coefficient of 1."""
    result = 0
    bit = 1 << (bits - 1)
    while one:
        if one & bit:
            result ^= other
            one ^= bit
        bit >>= 1
        other = other >> 1 ^ (polynomial if other & 1 else 0)
    return result


@lru_cache(maxsize=1024)
def _power(size: int, polynomial: int, bits: int) -> int:
    """Return x to the power of the bits in ``size`` bytes, modulo ``polynomial``."""
    result = 1 << (bits - 1)
    square = 1 << (bits - 9)  # x to the power of eight
    while size:
        if size & 1:
            result = _product(result, square, polynomial, bits)
        square = _product(square, square, polynomial, bits)
        size >>= 1
    return result


def encoded(checksum: Checksum) -> str:
    """Return the checksum in base64, as S3 writes it in headers."""
    return base64.b64encode(checksum.digest()).decode()
