"""The sizes of an upload's parts.

An interrupted upload resumes from its finished parts, so parts are as small as S3 allows while the line is slow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from provena_sdk.s3.limits import LEAST_PART_BYTES, MAX_PARTS, MAX_PUT_BYTES, PART_BYTES

# The line sends a part of 8 MiB within this time, or it counts as slow.
_SLOW_SECONDS: Final = 1.0
# A part of a larger file is so small a share of it that its size does not matter before the line is known.
_UNKNOWN_PARTS: Final = 100


def part_size(size: int, rate: float | None = None) -> int:
    """Return the size of an upload's parts in bytes.

    Parts have 5 MiB if the line sends less than 8 MiB per second, or if its rate is unknown and the file has fewer than
    100 of them. Otherwise they have 8 MiB. They are larger if the file would need over 10,000 parts.

    Args:
        size: The file's size in bytes.
        rate: The bytes per second that the line carries; None if unknown.

    Example:
        >>> mib = 1024**2
        >>> [part_size(20 * mib, rate) // mib for rate in (None, 2e6, 100e6)], part_size(600 * mib) // mib
        ([5, 5, 8], 8)
        >>> 5 * 1024**4 / part_size(5 * 1024**4) <= 10_000
        True
    """
    few = size < _UNKNOWN_PARTS * LEAST_PART_BYTES
    small = few if rate is None else rate * _SLOW_SECONDS < PART_BYTES
    return max(LEAST_PART_BYTES if small else PART_BYTES, -(-size // MAX_PARTS))


def is_part_size(parts: int, size: int) -> bool:
    """Return whether S3 accepts parts of a size for a file.

    Args:
        parts: The size of each part but the last in bytes.
        size: The file's size in bytes.

    Example:
        >>> [is_part_size(mib * 1024**2, 20 * 1024**2) for mib in (4, 5, 8)]
        [False, True, True]
    """
    return LEAST_PART_BYTES <= parts <= MAX_PUT_BYTES and -(-size // parts) <= MAX_PARTS


def is_in_parts(size: int, rate: float | None = None) -> bool:
    """Return whether to upload a file in parts: if it has two of them.

    Args:
        size: The file's size in bytes.
        rate: The bytes per second that the line carries; None if unknown.

    Example:
        >>> [is_in_parts(12 * 1024**2, rate) for rate in (None, 2e6, 100e6)]
        [True, True, False]
    """
    return size >= 2 * part_size(size, rate)


def each_part(size: int, part_size: int) -> Iterator[tuple[int, int]]:
    """Yield the offset and length of each part of a file in bytes.

    Example:
        >>> list(each_part(10, 4))
        [(0, 4), (4, 4), (8, 2)]
    """
    for offset in range(0, size, part_size):
        yield offset, min(part_size, size - offset)
