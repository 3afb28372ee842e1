"""Threads for blocking calls, at a tenth of an executor's overhead.

An executor wakes the event loop for each result and wraps each call in two futures, which takes 45 µs, as long as
writing a small file. Here, results that arrive together wake the loop once.
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

# One queue carries results of every type.
_Future: TypeAlias = asyncio.Future[Any]
_Job: TypeAlias = tuple[_Future, Callable[[], Any]]


class Threads:
    """Threads that work for one event loop. They start with the first call, and end after :meth:`close`.

    Args:
        number: The number of threads.
        name: The prefix of their names.
    """

    def __init__(self, number: int, name: str) -> None:
        self._number = number
        self._name = name
        self._started = False
        self._closed = False
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._ended: deque[tuple[_Future, Any, BaseException | None]] = deque()
        self._waking = False

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Run a blocking function on one of the threads, unless its future is cancelled before its turn.

        Args:
            work: The function.

        Raises:
            RuntimeError: The threads are closed, so the function would never run.
        """
        if self._closed:
            raise RuntimeError("The transfer is over.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put((future, work))
        if not self._started:
            self._started = True
            for number in range(self._number):
                name = f"{self._name}_{number}"
                threading.Thread(target=self._serve, args=(loop,), name=name, daemon=True).start()
        return future

    def close(self) -> None:
        """End the threads once all earlier calls are done, without waiting."""
        self._closed = True
        if self._started:
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
            # Keep no reference to the results while waiting for the next call.
            del job, future, work, result, error
            if not self._waking:
                self._waking = True
                # The loop may be closed when its process ends.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        # Set this first, so that calls that end from now on wake the loop again.
        self._waking = False
        while self._ended:
            future, result, error = self._ended.popleft()
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
