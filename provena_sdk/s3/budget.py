"""Limits on concurrent requests and on bytes in memory, over a whole transfer."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from provena_sdk.s3.flows import MOST, Flows
from provena_sdk.s3.http.line import Line

SMALL_BYTES: Final = 1024 * 1024
"""The most bytes of a request that counts as small."""

_GROWTH: Final = 0.5
_RATE_SECONDS: Final = 0.25
_FIRST_RATE_SECONDS: Final = 0.05
_IN_FLIGHT_SECONDS: Final = 2.0
_LIMITED_IN_FLIGHT_SECONDS: Final = 0.25
_FIRST_IN_FLIGHT_BYTES: Final = 8 * 1024 * 1024
_LEAST_IN_FLIGHT_BYTES: Final = 256 * 1024


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

    def hold(self, size: int) -> HeldBytes:
        """Wait until some bytes fit below the limit, and hold them while the block runs.

        Args:
            size: The number of bytes.

        Returns:
            An async context manager.
        """
        return HeldBytes(self, min(size, self._limit))

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


class HeldBytes:
    """The bytes that one block holds; made by :meth:`ByteBudget.hold`."""

    __slots__ = ("_budget", "_size")

    def __init__(self, budget: ByteBudget, size: int) -> None:
        self._budget = budget
        self._size = size

    async def __aenter__(self) -> None:
        budget, size = self._budget, self._size
        if not budget._waiting and budget._used + size <= budget._limit:
            budget._take(size)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        budget._waiting.append((size, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                budget._release(size)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._budget._release(self._size)


class Admission:
    """A limit on concurrent requests, by what the line to the store carries.

    As many large bodies and answers move as make the line faster, see :class:`~provena_sdk.s3.flows.Flows`. A request
    whose body has been sent does not count while it waits for its answer, so that the next body follows at once. Many
    more small requests run, since they mostly wait for answers, but together they request no more bytes than the line
    carries in 2 s. When the store asks to slow down, all limits are halved; each successful request raises its limit a
    little again.

    Args:
        small: The most requests of up to 1 MiB at once.
        large: The most larger requests at once, of those that send and of those that receive.
        line: Counts the bytes that move, and limits their rate; None makes one without a limit.
        connections: The most requests at once; None means ``small + large``.

    Example:
        >>> admission = Admission(small=64, large=16)
        >>> admission.most, admission.limits, admission.running
        (80, (64, 16, 16), 0)
    """

    def __init__(
        self,
        small: int = 160,
        large: int = MOST,
        *,
        line: Line | None = None,
        connections: int | None = None,
    ) -> None:
        self.line = line if line is not None else Line()
        self.most = small + large if connections is None else connections
        """The most requests at once, while the store has not asked to slow down."""
        large = min(large, self.most)
        self._small = _Queue(min(small, self.most))
        self._receiving = _Queue(large, Flows(large, rate=self.line.limit))
        self._sending = _Queue(large, Flows.of_bodies(large))
        self._queues = (self._small, self._receiving, self._sending)
        self._small.bytes_limit = self._in_flight(_FIRST_IN_FLIGHT_BYTES)
        self._halvings = 0
        self.sending_rate = self.line.limit
        """The bytes per second that the line takes, by its limit or as measured under load; None if unknown."""
        self._rate = 0.0
        self._watch = _Watch()

    @property
    def running(self) -> int:
        """The number of requests that run now."""
        return self._small.running + self._receiving.running + self._sending.running

    @property
    def limits(self) -> tuple[int, int, int]:
        """The limits on small requests and on large ones that receive and send, after requests to slow down."""
        return int(self._small.limit), int(self._receiving.limit), int(self._sending.limit)

    def slot(self, size: int, *, sends: bool = False) -> Slot:
        """Return the slot of one request, an async context manager.

        Args:
            size: The bytes of the request's body or of the expected answer.
            sends: Whether these bytes are the body's.
        """
        if size <= SMALL_BYTES:
            return Slot(self, self._small, size)
        return Slot(self, self._sending if sends else self._receiving, size)

    def fresh(self) -> Admission:
        """Return a new one with the original limits and no requests."""
        line = Line(self.line.limit)
        return Admission(self._small.most, self._receiving.most, line=line, connections=self.most)

    def slowed(self, slot: Slot) -> None:
        """Halve the limits at the store's request, unless they were halved since this request was sent.

        Args:
            slot: The slot of the request that the store turned away.
        """
        slot.turned_away = True
        if slot.halvings != self._halvings:
            return
        self._halvings += 1
        for queue in self._queues:
            queue.limit = max(1.0, queue.limit / 2)

    def _admits(self, queue: _Queue, size: int) -> bool:
        return self.running < self.most and queue.admits(size)

    def _begin(self, loop: asyncio.AbstractEventLoop, queue: _Queue) -> None:
        """Measure the line from now on, while requests run."""
        watch = self._watch
        if watch.loop is not loop:
            self._watch = _Watch(loop, loop.time(), self.line.moved)
            self._sample()
        elif queue.flows is not None and queue.running == 1 and watch.timer is not None:
            # The first of them: the next sample would come too late.
            watch.timer.cancel()
            self._sample()

    def _sample(self) -> None:
        watch = self._watch
        if watch.loop is None:
            return
        if not self.running:
            self._watch = _Watch()
            return
        now, moved = watch.loop.time(), self.line.moved
        tick = _RATE_SECONDS if self._rate else _FIRST_RATE_SECONDS
        for queue in self._queues:
            if queue.flows is not None:
                queue.flows.sample(now, moved, running=queue.flowing, waiting=len(queue.waiting))
                tick = min(tick, queue.flows.tick) if queue.running else tick
        seconds = now - watch.at
        if moved > watch.moved and seconds >= (_RATE_SECONDS if self._rate else 0.0):
            rate = (moved - watch.moved) / seconds
            if self._sending.waiting and not self._receiving.running:
                # The mean with the last one, because a body's first bytes are counted at its end.
                self.sending_rate = (rate + (self.sending_rate or rate)) / 2
            # A lower rate says something about the line only while requests wait for it.
            if rate > self._rate or self._small.waiting:
                self._rate = rate
                wanted = max(rate * _IN_FLIGHT_SECONDS, _LEAST_IN_FLIGHT_BYTES)
                self._small.bytes_limit = self._in_flight(wanted)
            watch.at, watch.moved = now, moved
        self._wake()
        watch.timer = watch.loop.call_later(tick, self._sample)

    def _in_flight(self, wanted: float) -> int:
        limit = self.line.limit
        return int(wanted if limit is None else min(wanted, limit * _LIMITED_IN_FLIGHT_SECONDS))

    def _left(self, queue: _Queue, size: int) -> None:
        queue.leave(size)
        # The other kinds first, so that they take turns where they share the connections.
        self._wake(queue)

    def _wake(self, last: _Queue | None = None) -> None:
        for queue in self._queues:
            if queue is not last:
                self._admit(queue)
        if last is not None:
            self._admit(last)

    def _admit(self, queue: _Queue) -> None:
        while queue.waiting:
            size, turn = queue.waiting[0]
            if turn.cancelled():
                queue.waiting.popleft()
            elif self._admits(queue, size):
                queue.waiting.popleft()
                queue.enter(size)
                turn.set_result(None)
            else:
                break


class Slot:
    """The admission of one request; made by :meth:`Admission.slot`."""

    __slots__ = ("_admission", "_is_sent", "_loop", "_queue", "_size", "halvings", "turned_away")

    def __init__(self, admission: Admission, queue: _Queue, size: int) -> None:
        self._admission = admission
        self._queue = queue
        self._size = size
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_sent = False
        self.halvings = 0
        self.turned_away = False

    async def __aenter__(self) -> Self:
        admission, queue = self._admission, self._queue
        loop = asyncio.get_running_loop()
        if queue.waiting or not admission._admits(queue, self._size):
            turn: asyncio.Future[None] = loop.create_future()
            queue.waiting.append((self._size, turn))
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    admission._left(queue, self._size)
                raise
        else:
            queue.enter(self._size)
        admission._begin(loop, queue)
        self.halvings = admission._halvings
        self._loop = loop
        return self

    def sent(self) -> None:
        """Let the next body follow, because this request's has been sent. Thread-safe."""
        loop = self._loop
        if loop is not None and self._queue.flows is not None:
            loop.call_soon_threadsafe(self._count_sent)

    def _count_sent(self) -> None:
        if self._loop is not None and not self._is_sent:
            self._is_sent = True
            self._queue.sent += 1
            self._admission._wake(self._queue)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        queue = self._queue
        self._loop = None
        queue.sent -= self._is_sent
        if queue.limit < queue.most and kind is None and not self.turned_away:
            queue.limit = min(float(queue.most), queue.limit + _GROWTH / queue.limit)
        self._admission._left(queue, self._size)


class _Queue:
    """A first-in, first-out queue of requests of one kind."""

    __slots__ = ("bytes", "bytes_limit", "flows", "limit", "most", "running", "sent", "waiting")

    def __init__(self, most: int, flows: Flows | None = None) -> None:
        self.most = most
        self.limit = float(most)
        self.flows = flows
        self.running = 0
        self.sent = 0
        self.bytes = 0
        self.bytes_limit: int | None = None
        self.waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def flowing(self) -> int:
        """The number of running requests whose bytes still move."""
        return self.running - self.sent

    def admits(self, size: int) -> bool:
        if self.running >= int(self.limit):
            return False
        if self.flows is not None and self.flowing >= self.flows.limit:
            return False
        return not self.running or self.bytes_limit is None or self.bytes + size <= self.bytes_limit

    def enter(self, size: int) -> None:
        self.running += 1
        self.bytes += size

    def leave(self, size: int) -> None:
        self.running -= 1
        self.bytes -= size


@dataclass(slots=True)
class _Watch:
    """A measurement of the line: the loop that takes samples, the last sample, and the timer of the next one."""

    loop: asyncio.AbstractEventLoop | None = None
    at: float = 0.0
    moved: int = 0
    timer: asyncio.TimerHandle | None = None
