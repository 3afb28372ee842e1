"""The ranges of a large download: which are stored, and which to request."""

from __future__ import annotations

import bisect
import itertools
from array import array
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from provena_sdk.s3.checksums import even_parts
from provena_sdk.s3.limits import PART_BYTES

MAX_RANGE_BYTES: Final = 16 * 1024 * 1024
"""The largest part in bytes that is requested as one range, so that it can be hashed while it arrives."""


class Layout:
    """The parts in which an object was uploaded. No range that is requested crosses a boundary between them.

    Args:
        parts: The sizes of the parts in bytes; one size for an object uploaded in one request.
        range_bytes: The largest size of a range in bytes. None means one range per part if there are several parts of
            at most 16 MiB, and ranges of 8 MiB otherwise.

    Example:
        >>> layout = Layout([10, 10, 4], range_bytes=8)
        >>> list(layout.ranges(0, 24))
        [(0, 8), (8, 2), (10, 8), (18, 2), (20, 4)]
        >>> list(layout.ranges(3, 14)), layout.part(17), layout.span(1)
        ([(3, 5), (8, 2), (10, 7)], 1, (10, 20))
    """

    def __init__(self, parts: Sequence[int], range_bytes: int | None = None) -> None:
        self.parts = tuple(parts)
        if range_bytes is None:
            largest = max(self.parts)
            range_bytes = largest if largest <= MAX_RANGE_BYTES and len(self.parts) > 1 else PART_BYTES
        self.range_bytes = range_bytes
        self._starts = list(itertools.accumulate(self.parts, initial=0))

    @property
    def size(self) -> int:
        """The file's size in bytes."""
        return self._starts[-1]

    def part(self, offset: int) -> int:
        """Return the number of the part that contains an offset in bytes, from zero."""
        return bisect.bisect_right(self._starts, offset) - 1

    def span(self, part: int) -> tuple[int, int]:
        """Return the start and the end of a part in bytes."""
        return self._starts[part], self._starts[part + 1]

    def ranges(self, offset: int, length: int) -> Iterator[tuple[int, int]]:
        """Yield the offset and length of each range to request for some bytes of the file.

        Args:
            offset: The offset in bytes.
            length: The number of bytes.
        """
        stop = offset + length
        while offset < stop:
            start, end = self.span(self.part(offset))
            boundary = start + ((offset - start) // self.range_bytes + 1) * self.range_bytes
            upto = min(boundary, end, stop)
            yield offset, upto - offset
            offset = upto

    def described(self) -> int | list[int]:
        """Return the parts as a journal records them: their common size, or a list of sizes if they differ.

        The last part may be smaller than the common size.

        Example:
            >>> Layout([10, 10, 4]).described(), Layout([10, 4, 10]).described()
            (10, [10, 4, 10])
        """
        first = self.parts[0]
        return first if list(even_parts(self.size, first)) == list(self.parts) else list(self.parts)


class Segment(NamedTuple):
    """Consecutive bytes of a file: offset and length in bytes, and their digest in the journal."""

    offset: int
    length: int
    digest: bytes


class Segments:
    r"""The segments in a journal, in a few bytes of memory each.

    Args:
        width: The size of a digest in bytes; 0 if segments are not hashed.

    Example:
        >>> segments = Segments(1)
        >>> segments.add(Segment(4, 2, b"b"))
        >>> segments.add(Segment(0, 3, b"a"))
        >>> [segment.offset for segment in segments], segments.bytes, list(segments.gaps(10))
        ([0, 4], 5, [(3, 1), (6, 4)])
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._offsets = array("Q")
        self._lengths = array("Q")
        self._digests = bytearray()
        self.bytes = 0
        """The number of bytes in all segments."""

    def __len__(self) -> int:
        return len(self._offsets)

    def __iter__(self) -> Iterator[Segment]:
        """Yield the segments by offset, without those that overlap an earlier one, the last added of each offset."""
        upto = 0
        for index in sorted(range(len(self) - 1, -1, -1), key=self._offsets.__getitem__):
            offset = self._offsets[index]
            if offset >= upto:
                digest = bytes(self._digests[index * self._width : (index + 1) * self._width])
                yield Segment(offset, self._lengths[index], digest)
                upto = offset + self._lengths[index]

    def add(self, segment: Segment) -> None:
        """Add a segment."""
        self._offsets.append(segment.offset)
        self._lengths.append(segment.length)
        self._digests += segment.digest
        self.bytes += segment.length

    def gaps(self, size: int) -> Iterator[tuple[int, int]]:
        """Yield the offset and length of the bytes that are in no segment.

        Args:
            size: The file's size in bytes.
        """
        upto = 0
        for offset, length, _ in self:
            if offset > upto:
                yield upto, offset - upto
            upto = offset + length
        if upto < size:
            yield upto, size - upto
