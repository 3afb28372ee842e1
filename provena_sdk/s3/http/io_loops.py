"""Threads with event loops of their own, for requests that carry much.

Copying, decrypting, hashing and writing a gigabyte takes longer than receiving it; a single event loop would do all
that in turn, and keep small requests waiting. A request goes to the I/O loop that has least to do.
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
    """One thread, its event loop, and the connections that live on it.

    Args:
        number: Part of the thread's name.

    Raises:
        RuntimeError: No thread can be had, as when the interpreter is about to end.
    """

    def __init__(self, number: int) -> None:
        self.running = 0
        self._loop = asyncio.new_event_loop()
        # Of clients that nobody holds any more, their connections close by themselves.
        self._connections: WeakKeyDictionary[Connections, Connections] = WeakKeyDictionary()
        try:
            # It must not keep an interpreter from ending that somebody leaves in the middle of a transfer.
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
        """Make a request, as :meth:`~provena_sdk.s3.http.pool.Connections.exchange` does.

        Args:
            owner: The client's connections on its own loop, which stand for the client.
            make: Makes those on this loop, if there are none yet.
            method: See there, as for all that follows.
            target: See there.
            headers: See there.
            body: See there.
            limits: See there.
            into: See there; it is called on this thread, and may take its time.
        """

        async def here() -> Reply:
            try:
                found = self._connections.get(owner)
                if found is None:
                    found = self._connections[owner] = make()
                return await found.exchange(method, target, headers, body, limits, into)
            finally:
                # Not by whoever waits: a receiver may keep this thread busy longer than that.
                self.running -= 1

        self.running += 1
        return await on_loop(self._loop, here())

    def part_with(self, owner: Connections) -> None:
        """Close a client's connections, without waiting for it."""

        async def here() -> None:
            found = self._connections.pop(owner, None)
            if found is not None:
                await found.close()

        asyncio.run_coroutine_threadsafe(here(), self._loop)

    def close(self) -> None:
        """Close all connections and end the thread, without waiting for it."""

        async def here() -> None:
            for found in list(self._connections.values()):
                await found.close()
            self._loop.stop()

        asyncio.run_coroutine_threadsafe(here(), self._loop)

    def _serve(self) -> None:
        self._loop.run_forever()
        self._loop.close()


class IoLoops:
    """Some I/O loops, which begin with the first request.

    A receiver that waits, for a disk say, blocks its I/O loop, so that each transfer has loops of its own.
    """

    def __init__(self) -> None:
        self._process = HomeProcess()
        self._lock = threading.Lock()
        self._io_loops: list[IoLoop] = []

    def choose(self) -> IoLoop | None:
        """Return the I/O loop with least to do; None when no thread can be had."""
        io_loops = self._begun()
        if not io_loops:
            with self._lock:
                if not io_loops:
                    self._begin()
        return min(io_loops, key=lambda io_loop: io_loop.running, default=None)

    def part_with(self, owner: Connections) -> None:
        """Close a client's connections, without waiting for it."""
        for io_loop in self._begun():
            io_loop.part_with(owner)

    def close(self) -> None:
        """Close all connections and end the threads, without waiting for it."""
        for io_loop in self._begun():
            io_loop.close()
        self._io_loops = []

    def _begun(self) -> list[IoLoop]:
        if self._process.moved():
            # A forked child has none of the threads, and another one of its parent's may have held the lock.
            self._lock = threading.Lock()
            self._io_loops = []
        return self._io_loops

    def _begin(self) -> None:
        # One is better than none.
        with contextlib.suppress(RuntimeError):
            for number in range(max(2, min(_MOST, os.cpu_count() or 1))):
                self._io_loops.append(IoLoop(number))


SHARED: Final = IoLoops()
"""I/O loops for requests without a receiver, which never wait for anything but the network."""
