"""How much may be going on at once: one limit on requests and one on bytes, over a whole transfer."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator


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
