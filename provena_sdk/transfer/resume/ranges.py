"""How a large file is cut into pieces that are fetched by themselves, and which of them are there."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from provena_sdk.s3.checksums import even_parts
from provena_sdk.s3.limits import PART_BYTES

MAX_PIECE_BYTES: Final = 16 * 1024 * 1024
"""A part up to this size is fetched as one piece, so that its hash needs no other."""


class Layout:
    """The pieces of a file. None reaches over the end of one of the parts the object was uploaded in.

    Args:
        parts: The sizes of those parts in bytes; one for an object that was stored whole.
        piece: The largest piece in bytes; None chooses: whole parts up to 16 MiB, pieces of 8 MiB else.

    Example:
        >>> layout = Layout([10, 10, 4], piece=8)
        >>> [layout.span(index) for index in range(len(layout))]
        [(0, 8), (8, 2), (10, 8), (18, 2), (20, 4)]
        >>> [layout.part(index) for index in range(len(layout))]
        [0, 0, 1, 1, 2]
    """

    def __init__(self, parts: Sequence[int], piece: int | None = None) -> None:
        self.parts = tuple(parts)
        if piece is None:
            largest = max(self.parts)
            piece = largest if largest <= MAX_PIECE_BYTES and len(self.parts) > 1 else PART_BYTES
        self.piece = piece
        self._starts = list(itertools.accumulate(self.parts, initial=0))
        self._firsts = list(itertools.accumulate((-(-size // piece) for size in self.parts), initial=0))

    def __len__(self) -> int:
        return self._firsts[-1]

    @property
    def size(self) -> int:
        """The file's size in bytes."""
        return self._starts[-1]

    def span(self, index: int) -> tuple[int, int]:
        """Return offset and length of a piece, in bytes."""
        part = self.part(index)
        offset = self._starts[part] + (index - self._firsts[part]) * self.piece
        return offset, min(self.piece, self._starts[part + 1] - offset)

    def part(self, index: int) -> int:
        """Return the number of the part that a piece belongs to, counted from zero."""
        return bisect.bisect_right(self._firsts, index) - 1

    def pieces(self, part: int) -> range:
        """Return the pieces of a part."""
        return range(self._firsts[part], self._firsts[part + 1])

    @property
    def one_each(self) -> bool:
        """Whether each part is one piece."""
        return len(self) == len(self.parts)

    def described(self) -> int | list[int]:
        """Describe the parts as a journal does: by the size of all but the last, or one by one when they differ.

        Example:
            >>> Layout([10, 10, 4]).described(), Layout([10, 4, 10]).described()
            (10, [10, 4, 10])
        """
        first = self.parts[0]
        return first if list(even_parts(self.size, first)) == list(self.parts) else list(self.parts)


class Pieces:
    r"""Which pieces of a file are there, and the digest of each; a few bytes a piece.

    Args:
        count: How many pieces there are.
        width: The size of a digest in bytes; 0 for none.

    Example:
        >>> pieces = Pieces(3, width=1)
        >>> pieces.add(1, b"x")
        >>> list(pieces), len(pieces), pieces.digest(1), pieces.flags()
        ([1], 1, b'x', b'\x00\x01\x00')
    """

    def __init__(self, count: int, width: int) -> None:
        self._there = bytearray(count)
        self._width = width
        self._digests = bytearray(count * width)

    def __len__(self) -> int:
        return self._there.count(1)

    def __contains__(self, index: int) -> bool:
        return bool(self._there[index])

    def __iter__(self) -> Iterator[int]:
        return (index for index, there in enumerate(self._there) if there)

    def flags(self) -> bytes:
        """Return a byte for each piece, 1 for those that are there now."""
        return bytes(self._there)

    def add(self, index: int, digest: bytes) -> None:
        """Note that a piece is there."""
        self._digests[index * self._width : (index + 1) * self._width] = digest
        self._there[index] = 1

    def remove(self, index: int) -> None:
        """Note that a piece is not there after all."""
        self._there[index] = 0

    def digest(self, index: int) -> bytes:
        """Return the digest of a piece."""
        return bytes(self._digests[index * self._width : (index + 1) * self._width])
