"""Run many coroutines concurrently, up to a limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def for_each(items: Iterable[T], run: Callable[[T], Awaitable[None]], limit: int) -> None:
    """Run a coroutine for each item, at most ``limit`` at once; the first error cancels the others.

    Args:
        items: The items, taken one by one as coroutines end.
        run: Returns the coroutine for an item.
        limit: The most coroutines at once.

    Raises:
        Exception: The first error of a coroutine.

    Example:
        >>> async def double(number: int) -> None:
        ...     print(2 * number)
        >>> await for_each([1, 2, 3], double, limit=1)
        2
        4
        6
    """
    queue = iter(items)

    async def worker(first: T) -> None:
        await run(first)
        for item in queue:
            await run(item)

    # No more workers than items: most large files have few ranges.
    await all_of(*(worker(item) for _, item in zip(range(limit), queue, strict=False)))


async def all_of(*awaitables: Awaitable[None]) -> None:
    """Wait for all awaitables; the first error cancels the others, and is raised once they have ended.

    Args:
        awaitables: The awaitables.

    Raises:
        Exception: The first error.
    """
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
