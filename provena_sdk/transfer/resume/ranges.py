"""The ranges of a large download, and which of them are stored."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from provena_sdk.s3.checksums import even_parts
from provena_sdk.s3.limits import PART_BYTES

MAX_RANGE_BYTES: Final = 16 * 1024 * 1024
"""The largest part in bytes that is downloaded as one range, so that it can be hashed while it arrives."""


class Layout:
    """The ranges of a file. No range crosses a boundary between the parts in which the object was uploaded.

    Args:
        parts: The sizes of those parts in bytes; one size for an object uploaded in one request.
        range_bytes: The largest size of a range in bytes. None means one range per part if there are several parts of
            at most 16 MiB, and ranges of 8 MiB otherwise.

    Example:
        >>> layout = Layout([10, 10, 4], range_bytes=8)
        >>> [layout.span(index) for index in range(len(layout))]
        [(0, 8), (8, 2), (10, 8), (18, 2), (20, 4)]
        >>> [layout.part(index) for index in range(len(layout))]
        [0, 0, 1, 1, 2]
    """

    def __init__(self, parts: Sequence[int], range_bytes: int | None = None) -> None:
        self.parts = tuple(parts)
        if range_bytes is None:
            largest = max(self.parts)
            range_bytes = largest if largest <= MAX_RANGE_BYTES and len(self.parts) > 1 else PART_BYTES
        self.range_bytes = range_bytes
        self._starts = list(itertools.accumulate(self.parts, initial=0))
        self._firsts = list(itertools.accumulate((-(-size // range_bytes) for size in self.parts), initial=0))

    def __len__(self) -> int:
        return self._firsts[-1]

    @property
    def size(self) -> int:
        """The file's size in bytes."""
        return self._starts[-1]

    def span(self, index: int) -> tuple[int, int]:
        """Return the offset and length of a range in bytes."""
        part = self.part(index)
        offset = self._starts[part] + (index - self._firsts[part]) * self.range_bytes
        return offset, min(self.range_bytes, self._starts[part + 1] - offset)

    def part(self, index: int) -> int:
        """Return the number of the part that contains a range, from zero."""
        return bisect.bisect_right(self._firsts, index) - 1

    def ranges(self, part: int) -> range:
        """Return the numbers of the ranges in a part."""
        return range(self._firsts[part], self._firsts[part + 1])

    @property
    def one_range_per_part(self) -> bool:
        """Whether each part is a single range."""
        return len(self) == len(self.parts)

    def described(self) -> int | list[int]:
        """Return the parts as a journal records them: their common size, or a list of sizes if they differ.

        The last part may be smaller than the common size.

        Example:
            >>> Layout([10, 10, 4]).described(), Layout([10, 4, 10]).described()
            (10, [10, 4, 10])
        """
        first = self.parts[0]
        return first if list(even_parts(self.size, first)) == list(self.parts) else list(self.parts)


class StoredRanges:
    r"""The stored ranges of a file and their digests, in a few bytes of memory per range.

    Args:
        count: The number of ranges in the file.
        width: The size of a digest in bytes; 0 if ranges are not hashed.

    Example:
        >>> ranges = StoredRanges(3, width=1)
        >>> ranges.add(1, b"x")
        >>> list(ranges), len(ranges), ranges.digest(1), ranges.flags()
        ([1], 1, b'x', b'\x00\x01\x00')
    """

    def __init__(self, count: int, width: int) -> None:
        self._stored = bytearray(count)
        self._width = width
        self._digests = bytearray(count * width)

    def __len__(self) -> int:
        return self._stored.count(1)

    def __contains__(self, index: int) -> bool:
        return bool(self._stored[index])

    def __iter__(self) -> Iterator[int]:
        return (index for index, stored in enumerate(self._stored) if stored)

    def flags(self) -> bytes:
        """Return one byte per range: 1 if it is stored, 0 if not."""
        return bytes(self._stored)

    def add(self, index: int, digest: bytes) -> None:
        """Record a stored range."""
        self._digests[index * self._width : (index + 1) * self._width] = digest
        self._stored[index] = 1

    def remove(self, index: int) -> None:
        """Remove a range that turned out not to be stored."""
        self._stored[index] = 0

    def digest(self, index: int) -> bytes:
        """Return the digest of a range."""
        return bytes(self._digests[index * self._width : (index + 1) * self._width])
