"""A few threads for blocking calls, at a tenth of an executor's cost.

An executor wakes the event loop for each result and wraps each call into two futures: 45 µs, as much as writing a
small file takes. Here results that come together wake the loop once.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")

# Results of any type pass through one queue.
_Future: TypeAlias = asyncio.Future[Any]
_Job: TypeAlias = tuple[_Future, Callable[[], Any]]


class Threads:
    """Threads that work for one event loop. They begin with the first work, and end when they are closed.

    Args:
        number: How many.
        name: What their names begin with.
    """

    def __init__(self, number: int, name: str) -> None:
        self._number = number
        self._name = name
        self._begun = False
        self._closed = False
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._ended: deque[tuple[_Future, Any, BaseException | None]] = deque()
        self._waking = False

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Run a blocking function; one that is cancelled before its turn is skipped.

        Args:
            work: What to run.

        Raises:
            RuntimeError: The threads were closed, so that nobody would ever run it.
        """
        if self._closed:
            raise RuntimeError("The transfer is over.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put((future, work))
        if not self._begun:
            self._begun = True
            for number in range(self._number):
                name = f"{self._name}_{number}"
                threading.Thread(target=self._serve, args=(loop,), name=name, daemon=True).start()
        return future

    def close(self) -> None:
        """Let the threads end when everything before is done; do not wait for that."""
        self._closed = True
        if self._begun:
            for _ in range(self._number):
                self._jobs.put(None)

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        while (job := self._jobs.get()) is not None:
            future, work = job
            if future.cancelled():
                continue
            result: object = None
            error: BaseException | None = None
            try:
                result = work()
            except StopIteration:
                error = RuntimeError("Work in a thread ended an iteration.")
            except BaseException as raised:
                error = raised
            self._ended.append((future, result, error))
            # While waiting for more, nothing of this file is kept in memory.
            del job, future, work, result, error
            if not self._waking:
                self._waking = True
                # The loop may be closed when its process ends.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        # First, so that what ends from here on wakes the loop again.
        self._waking = False
        while self._ended:
            future, result, error = self._ended.popleft()
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
