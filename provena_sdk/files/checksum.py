"""Checking files against the ETags of S3.

The ETag of an object stored in one piece is the MD5 of its bytes. That of an object uploaded in parts is the MD5
of the parts' MD5s, followed by a dash and the number of parts. Objects encrypted with a managed or a customer's
key have ETags that prove nothing, and the answer's headers say so.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ETAG: Final = re.compile(r"([0-9a-f]{32})(?:-([1-9][0-9]*))?")
_READ: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ETag:
    """An ETag that can be checked.

    Args:
        digest: The MD5, in hexadecimal.
        parts: The number of parts, or None when the object was stored in one piece.
    """

    digest: str
    parts: int | None = None


def parse_etag(value: str, headers: Mapping[str, object] | None = None) -> ETag | None:
    """Read an ETag, or return None when it proves nothing.

    Args:
        value: The ETag, with or without its quotes.
        headers: The answer's fields by botocore's names, which tell how the object is encrypted.

    Example:
        >>> parse_etag('"d41d8cd98f00b204e9800998ecf8427e"')
        ETag(digest='d41d8cd98f00b204e9800998ecf8427e', parts=None)
        >>> parse_etag('"d41d8cd98f00b204e9800998ecf8427e"', {"ServerSideEncryption": "aws:kms"})
    """
    fields = headers or {}
    if str(fields.get("ServerSideEncryption", "")).startswith("aws:kms") or fields.get(
        "SSECustomerAlgorithm"
    ):
        return None
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


def file_etag(path: Path, part_sizes: Sequence[int] | None = None) -> str:
    """Compute the ETag that S3 would give a local file.

    Args:
        path: The file.
        part_sizes: The sizes of its parts in bytes; None when it was stored in one piece.

    Returns:
        The ETag without quotes.
    """
    with path.open("rb") as file:
        if part_sizes is None:
            return _digest(file.read, None)
        return composite([_digest(file.read, size) for size in part_sizes])


def _digest(read: Callable[[int], bytes], size: int | None) -> str:
    hasher = hashlib.md5(usedforsecurity=False)
    left = size
    while left is None or left > 0:
        block = read(_READ if left is None else min(_READ, left))
        if not block:
            break
        hasher.update(block)
        left = None if left is None else left - len(block)
    return hasher.hexdigest()
