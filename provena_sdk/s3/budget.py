"""Limits on concurrent requests and on bytes in memory, over a whole transfer."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Final, Self

SMALL_BYTES: Final = 1024 * 1024
"""The most bytes of a request that counts as small."""

_GROWTH: Final = 0.5


class ByteBudget:
    """A limit on the bytes held in memory, granted in the order of the requests.

    A request for more than the limit is granted when no other bytes are held.

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
        """Wait until some bytes fit below the limit, and hold them while the block runs.

        Args:
            size: The number of bytes.
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
    """A limit on concurrent requests: many small ones, few large ones.

    Many large transfers at once collapse on a line with high latency, while small requests mostly wait for it. When the
    store asks to slow down, both limits are halved; each successful request raises its limit a little again.

    Args:
        small: The most requests of up to 1 MiB at once.
        large: The most larger requests at once.

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
        """The number of requests that run now."""
        return self._small.running + self._large.running

    @property
    def most(self) -> int:
        """The most requests at once, while the store has not asked to slow down."""
        return self._small.most + self._large.most

    @property
    def limits(self) -> tuple[int, int]:
        """The present limits on small and on large requests."""
        return int(self._small.limit), int(self._large.limit)

    def slot(self, size: int) -> Slot:
        """Return the slot of one request, an async context manager.

        Args:
            size: The bytes of the request's body or of the expected answer.
        """
        return Slot(self, self._small if size <= SMALL_BYTES else self._large)

    def fresh(self) -> Admission:
        """Return a new one with the original limits and no requests."""
        return Admission(self._small.most, self._large.most)

    def slowed(self, slot: Slot) -> None:
        """Halve the limits at the store's request, unless they were halved since this request was sent.

        Args:
            slot: The slot of the request that the store turned away.
        """
        slot.turned_away = True
        if slot.halvings != self._halvings:
            return
        self._halvings += 1
        for queue in (self._small, self._large):
            queue.limit = max(1.0, queue.limit / 2)


class Slot:
    """The admission of one request; made by :meth:`Admission.slot`."""

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
    """A first-in, first-out queue of requests of one kind."""

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
