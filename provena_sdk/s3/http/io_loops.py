"""Event loops on threads, for large requests.

Copying, decrypting, hashing and writing a gigabyte takes longer than receiving it; a single event loop would do all
that in turn, and delay small requests. Each request goes to the least busy I/O loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator, Callable
from typing import Final
from weakref import WeakKeyDictionary

from provena_sdk.concurrency.fork import HomeProcess
from provena_sdk.concurrency.io_thread import on_loop
from provena_sdk.s3.http.http1 import Headers, Limits, Receiver, Reply
from provena_sdk.s3.http.pool import Connections

_MOST: Final = 4


class IoLoop:
    """A thread with an event loop and its connections.

    Args:
        number: Part of the thread's name.

    Raises:
        RuntimeError: No thread can be started, for example because the interpreter is shutting down.
    """

    def __init__(self, number: int) -> None:
        self.running = 0
        self._loop = asyncio.new_event_loop()
        # The connections of a client close once the client is garbage-collected.
        self._connections: WeakKeyDictionary[Connections, Connections] = WeakKeyDictionary()
        try:
            # A daemon thread, so that the interpreter can exit in the middle of a transfer.
            threading.Thread(target=self._serve, name=f"provena-io_{number}", daemon=True).start()
        except BaseException:
            self._loop.close()
            raise

    async def exchange(
        self,
        owner: Connections,
        make: Callable[[], Connections],
        method: str,
        target: str,
        headers: Headers,
        body: memoryview | AsyncIterator[bytes] | None,
        limits: Limits,
        into: Receiver | None,
    ) -> Reply:
        """Send a request on this loop, as :meth:`~provena_sdk.s3.http.pool.Connections.exchange` does.

        Args:
            owner: The client's connections on the client's loop, which identify the client.
            make: Makes the client's connections on this loop, if there are none yet.
            method: See there, as for the other arguments.
            target: See there.
            headers: See there.
            body: See there.
            limits: See there.
            into: See there; it is called on this thread, and may block.
        """

        async def here() -> Reply:
            try:
                found = self._connections.get(owner)
                if found is None:
                    found = self._connections[owner] = make()
                return await found.exchange(method, target, headers, body, limits, into)
            finally:
                # Not in the caller: a receiver may keep this thread busy after the caller was cancelled.
                self.running -= 1

        self.running += 1
        return await on_loop(self._loop, here())

    def part_with(self, owner: Connections) -> None:
        """Close a client's connections, without waiting."""

        async def here() -> None:
            found = self._connections.pop(owner, None)
            if found is not None:
                await found.close()

        asyncio.run_coroutine_threadsafe(here(), self._loop)

    def close(self) -> None:
        """Close all connections and end the thread, without waiting."""

        async def here() -> None:
            for found in list(self._connections.values()):
                await found.close()
            self._loop.stop()

        asyncio.run_coroutine_threadsafe(here(), self._loop)

    def _serve(self) -> None:
        self._loop.run_forever()
        self._loop.close()


class IoLoops:
    """A set of I/O loops, started by the first request.

    A receiver that waits, for a disk for example, blocks its I/O loop, so each transfer has separate loops.
    """

    def __init__(self) -> None:
        self._process = HomeProcess()
        self._lock = threading.Lock()
        self._io_loops: list[IoLoop] = []

    def choose(self) -> IoLoop | None:
        """Return the least busy I/O loop; None when no thread can be started."""
        io_loops = self._current()
        if not io_loops:
            with self._lock:
                if not io_loops:
                    self._start()
        return min(io_loops, key=lambda io_loop: io_loop.running, default=None)

    def part_with(self, owner: Connections) -> None:
        """Close a client's connections, without waiting."""
        for io_loop in self._current():
            io_loop.part_with(owner)

    def close(self) -> None:
        """Close all connections and end the threads, without waiting."""
        for io_loop in self._current():
            io_loop.close()
        self._io_loops = []

    def _current(self) -> list[IoLoop]:
        if self._process.moved():
            # A forked child has none of the threads, and a thread of the parent may have held the lock.
            self._lock = threading.Lock()
            self._io_loops = []
        return self._io_loops

    def _start(self) -> None:
        # Fewer threads are better than none.
        with contextlib.suppress(RuntimeError):
            for number in range(max(2, min(_MOST, os.cpu_count() or 1))):
                self._io_loops.append(IoLoop(number))


SHARED: Final = IoLoops()
"""I/O loops for requests without a receiver, which wait only for the network."""
