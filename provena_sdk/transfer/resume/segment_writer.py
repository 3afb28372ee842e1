"""Write the bytes of a range as they arrive, and record them segment by segment."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from provena_sdk.s3.checksums import Hasher
from provena_sdk.transfer.resume.partial_download import PartialDownload
from provena_sdk.transfer.resume.ranges import Segment

SEGMENT_BYTES: Final = 4 * 1024 * 1024
"""The most bytes that a killed download loses per connection."""

SEGMENT_SECONDS: Final = 0.5
"""The time in seconds after which a segment is recorded, however short it is."""


class SegmentWriter:
    """A writer of one range. A killed download loses only what was written after the last recorded segment.

    Close it at the end, also after a failure. It is not thread-safe.

    Args:
        partial: The download.
        offset: The offset of the first byte.
        record: Records a written segment.
        stream: Also hashes the bytes; None if they are hashed later.
        count: Counts the bytes that arrived.
    """

    def __init__(
        self,
        partial: PartialDownload,
        offset: int,
        record: Callable[[Segment], object],
        *,
        stream: Hasher | None = None,
        count: Callable[[int], None] | None = None,
    ) -> None:
        self.upto = offset
        """The offset after the last byte written."""
        self._partial = partial
        self._record = record
        self._stream = stream
        self._count = count
        self._start = offset
        self._hasher = partial.hasher(offset)
        self._due = 0.0

    def take(self, data: memoryview, /) -> None:
        """Hash, write and count the bytes that arrived."""
        total = len(data)
        while data:
            if self.upto == self._start:
                self._due = time.monotonic() + SEGMENT_SECONDS
            some = data[: self._start + SEGMENT_BYTES - self.upto]
            data = data[len(some) :]
            if not self._partial.part.write(self.upto, some):
                raise ValueError("The part file was closed.")
            self._hasher.update(some)
            if self._stream is not None:
                self._stream.update(some)
            self.upto += len(some)
            if self.upto - self._start == SEGMENT_BYTES or time.monotonic() >= self._due:
                self.close()
        if self._count is not None:
            self._count(total)

    def close(self) -> None:
        """Record the bytes written since the last segment."""
        if self.upto > self._start:
            segment = Segment(self._start, self.upto - self._start, self._hasher.digest())
            self._start = self.upto
            self._hasher = self._partial.hasher(self.upto)
            self._record(segment)
