"""Threads with event loops of their own, for requests that carry much.

Copying, decrypting, hashing and writing a gigabyte takes longer than the line does; one event loop does all that one
after the other, and lets small requests wait meanwhile. A request goes to the lane that has least to do.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

from provena_sdk.files.io_thread import on_loop
from provena_sdk.files.objects.connections import Connections
from provena_sdk.files.objects.wire import Limits, Receiver, Reply

_MOST: Final = 4


class Lane:
    """One thread and its event loop, which run until the process ends.

    Args:
        number: Part of the thread's name.
    """

    def __init__(self, number: int) -> None:
        self.running = 0
        self.loop = asyncio.new_event_loop()
        # The thread must not keep an interpreter from ending that somebody leaves in the middle of a transfer.
        threading.Thread(target=self.loop.run_forever, name=f"provena-lane_{number}", daemon=True).start()


_lanes: tuple[Lane, ...] = ()
_pid = 0
_lock = threading.Lock()


def lanes() -> tuple[Lane, ...]:
    """Return this process's lanes, and begin them the first time; a forked child has none of its parent's."""
    global _lanes, _pid
    if _pid != os.getpid():
        with _lock:
            if _pid != os.getpid():
                _lanes = tuple(Lane(number) for number in range(max(2, min(_MOST, os.cpu_count() or 1))))
                _pid = os.getpid()
    return _lanes


def _forget() -> None:
    # Another thread of the parent may have held it.
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


class LaneConnections:
    """The connections of one object client on every lane.

    Args:
        make: Makes those of one lane.
    """

    def __init__(self, make: Callable[[], Connections]) -> None:
        self._make = make
        self._by_lane: dict[Lane, Connections] = {}

    async def exchange(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: memoryview | AsyncIterator[bytes] | None,
        limits: Limits,
        into: Receiver | None = None,
    ) -> Reply:
        """Make a request, as :meth:`~provena_sdk.files.objects.connections.Connections.exchange` does.

        The receiver is called on the lane, and may take its time.
        """
        lane = min(lanes(), key=lambda lane: lane.running)
        found = self._by_lane.get(lane)
        if found is None:
            found = self._by_lane[lane] = self._make()
        lane.running += 1
        try:
            return await on_loop(lane.loop, found.exchange(method, target, headers, body, limits, into))
        finally:
            lane.running -= 1

    async def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        known = lanes() if self._by_lane else ()
        for lane in known:
            if lane in self._by_lane:
                await on_loop(lane.loop, self._by_lane[lane].close())
