"""The line to the store as one transfer uses it: the bytes that moved, and the most that may move per second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

_CREDIT_SECONDS: Final = 0.05
_CHUNK_SECONDS: Final = 0.1
_LEAST_CHUNK_BYTES: Final = 2048
_MOST_CHUNK_BYTES: Final = 256 * 1024
# Bytes that the system receives ahead arrive as fast as the store sends them.
_AHEAD_SECONDS: Final = 0.03
_LEAST_AHEAD_BYTES: Final = 16 * 1024
_MOST_AHEAD_BYTES: Final = 4 * 1024 * 1024
_BEGIN_SECONDS: Final = 0.1


class Line:
    """A counter of the bytes that move both ways, with an optional limit on their rate. Thread-safe.

    The limit is a token bucket that holds at most 0.05 s of bytes, so that the rate is even.

    Args:
        limit: The most bytes per second, both ways together; None allows any rate.
        clock: Returns the time in seconds.

    Example:
        >>> line = Line(1000.0, clock=lambda: 0.0)
        >>> line.received(500), line.reserve(100), line.moved
        (0.5, 0.5, 500)
    """

    def __init__(self, limit: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self.chunk_bytes = None if limit is None else _chunk_bytes(limit)
        """The most bytes to read or write at once; None allows any number."""
        self.ahead_bytes = None if limit is None else _ahead_bytes(limit)
        """The most bytes that the system may receive ahead on each connection; None leaves it to the system."""
        self.moved = 0
        """The bytes that have moved so far."""
        self._clock = clock
        self._lock = threading.Lock()
        self._free_at = 0.0

    def delay(self) -> float:
        """Return the seconds to wait before another request begins; its answer could not be read earlier."""
        if self.limit is None:
            return 0.0
        with self._lock:
            return max(0.0, self._free_at - self._clock() - _BEGIN_SECONDS)

    def received(self, count: int) -> float:
        """Count bytes that arrived.

        Args:
            count: The number of bytes.

        Returns:
            The seconds to wait before more are read.
        """
        with self._lock:
            self.moved += count
            return 0.0 if self.limit is None else max(0.0, self._spend(count, self.limit))

    def sent(self, count: int) -> None:
        """Count bytes that were sent, without those that only filled buffers so far.

        Args:
            count: The number of bytes.
        """
        with self._lock:
            self.moved += count

    def reserve(self, count: int) -> float:
        """Reserve the line for bytes that are about to be sent, without counting them.

        Args:
            count: The number of bytes.

        Returns:
            The seconds to wait before they are sent.
        """
        if self.limit is None:
            return 0.0
        with self._lock:
            return max(0.0, self._spend(count, self.limit) - count / self.limit)

    def _spend(self, count: int, limit: float) -> float:
        now = self._clock()
        self._free_at = max(self._free_at, now - _CREDIT_SECONDS) + count / limit
        return self._free_at - now


def _chunk_bytes(limit: float) -> int:
    return min(max(int(limit * _CHUNK_SECONDS), _LEAST_CHUNK_BYTES), _MOST_CHUNK_BYTES)


def _ahead_bytes(limit: float) -> int | None:
    wanted = max(int(limit * _AHEAD_SECONDS), _LEAST_AHEAD_BYTES)
    return wanted if wanted <= _MOST_AHEAD_BYTES else None


ANY_LINE: Final = Line()
"""The line of exchanges that belong to no client."""
