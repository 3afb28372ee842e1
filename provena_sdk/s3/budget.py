"""How much may be going on at once: one limit on requests and one on bytes, over a whole transfer."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Final, Self

SMALL_BYTES: Final = 1024 * 1024
"""A request that carries no more than this counts as small."""

_GROWTH: Final = 0.5


class ByteBudget:
    """Keeps the bytes held in memory below a limit. Whoever asked first is served first.

    A wish larger than the limit is served alone.

    Args:
        limit: The limit in bytes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self.peak = 0

    @contextlib.asynccontextmanager
    async def hold(self, size: int) -> AsyncIterator[None]:
        """Wait until there is room for some bytes, and keep it while the block runs.

        Args:
            size: The bytes.
        """
        size = min(size, self._limit)
        if self._waiting or self._used + size > self._limit:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((size, turn))
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._release(size)
                raise
        else:
            self._take(size)
        try:
            yield
        finally:
            self._release(size)

    def _take(self, size: int) -> None:
        self._used += size
        self.peak = max(self.peak, self._used)

    def _release(self, size: int) -> None:
        self._used -= size
        while self._waiting:
            wanted, turn = self._waiting[0]
            if turn.cancelled():
                self._waiting.popleft()
                continue
            if self._used + wanted > self._limit:
                return
            self._waiting.popleft()
            self._take(wanted)
            turn.set_result(None)


class Admission:
    """Says how many requests may run at once: many that carry little, or few that carry much.

    Many large flows at once collapse on a long line, while small requests spend their time waiting for it. When the
    store asks to slow down, both limits are halved; with every request that goes well they grow back a little.

    Args:
        small: The most requests of up to 1 MiB at once.
        large: The most larger ones at once.

    Example:
        >>> admission = Admission(small=64, large=16)
        >>> admission.most, admission.limits, admission.running
        (80, (64, 16), 0)
    """

    def __init__(self, small: int = 160, large: int = 16) -> None:
        self._small = _Queue(small)
        self._large = _Queue(large)
        self._halvings = 0

    @property
    def running(self) -> int:
        """How many requests run now."""
        return self._small.running + self._large.running

    @property
    def most(self) -> int:
        """How many requests may run at once while the store does not complain."""
        return self._small.most + self._large.most

    @property
    def limits(self) -> tuple[int, int]:
        """How many small and large requests may run at once now."""
        return int(self._small.limit), int(self._large.limit)

    def slot(self, size: int) -> Slot:
        """Return what admits one request: use it as an async context manager.

        Args:
            size: The bytes that the request carries, one way or the other.
        """
        return Slot(self, self._small if size <= SMALL_BYTES else self._large)

    def fresh(self) -> Admission:
        """Return one with the same limits, of which nothing runs."""
        return Admission(self._small.most, self._large.most)

    def slowed(self, slot: Slot) -> None:
        """Halve the limits because the store asked for it, unless they were halved since this request was sent.

        Args:
            slot: What admitted the request that was turned away.
        """
        slot.turned_away = True
        if slot.halvings != self._halvings:
            return
        self._halvings += 1
        for queue in (self._small, self._large):
            queue.limit = max(1.0, queue.limit / 2)


class Slot:
    """One request's admission; made by :meth:`Admission.slot`."""

    __slots__ = ("_admission", "_queue", "halvings", "turned_away")

    def __init__(self, admission: Admission, queue: _Queue) -> None:
        self._admission = admission
        self._queue = queue
        self.halvings = 0
        self.turned_away = False

    async def __aenter__(self) -> Self:
        queue = self._queue
        if queue.waiting or queue.running >= int(queue.limit):
            await queue.turn()
        else:
            queue.running += 1
        self.halvings = self._admission._halvings
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        queue = self._queue
        if queue.limit < queue.most and kind is None and not self.turned_away:
            queue.limit = min(float(queue.most), queue.limit + _GROWTH / queue.limit)
        queue.leave()


class _Queue:
    """Requests of one kind: whoever came first goes first."""

    __slots__ = ("limit", "most", "running", "waiting")

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = float(most)
        self.running = 0
        self.waiting: deque[asyncio.Future[None]] = deque()

    async def turn(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        self.running -= 1
        while self.waiting and self.running < int(self.limit):
            turn = self.waiting.popleft()
            if not turn.cancelled():
                self.running += 1
                turn.set_result(None)
