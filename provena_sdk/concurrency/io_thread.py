"""Runs file work on the I/O thread that fsspec keeps for all file systems, or on another event loop.

All transfers share that one event loop, so that sync callers work inside a running loop, such as a
notebook's, and from any number of threads.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import inspect
import sys
import time
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from provena_sdk.concurrency.fork import begin_in_child

T = TypeVar("T")

_WAKE_SECONDS: Final = 1.0
_CLEANUP_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.01


def run_sync(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the I/O thread and wait for its result.

    An interrupt, such as Ctrl-C, cancels the work and waits for it to clean up.

    Args:
        work: What to run.

    Raises:
        RuntimeError: The caller is on the I/O thread itself, which would wait for itself for ever.
    """
    loop = _loop()
    if is_current(loop):
        work.close()
        raise RuntimeError("A blocking call was made on fsspec's I/O thread; await the coroutine instead.")
    future = asyncio.run_coroutine_threadsafe(work, loop)
    try:
        while True:
            # Waiting without a limit cannot be interrupted on Windows.
            concurrent.futures.wait((future,), timeout=_WAKE_SECONDS)
            if future.done():
                return future.result()
    except BaseException:
        future.cancel()
        deadline = time.monotonic() + _CLEANUP_SECONDS
        while not _has_ended(work) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        raise


def submit(work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
    """Begin to run a coroutine on the I/O thread.

    Args:
        work: What to run.

    Returns:
        Its result to be.
    """
    return asyncio.run_coroutine_threadsafe(work, _loop())


def leave_running(work: Coroutine[Any, Any, object]) -> None:
    """Begin to run a coroutine on the I/O thread that nobody waits for; nothing happens when that thread has ended.

    Args:
        work: What to run.
    """
    try:
        submit(work)
    except RuntimeError:
        work.close()


def wait_for(begun: concurrent.futures.Future[T]) -> T:
    """Wait for what :func:`submit` began, and return its result.

    Args:
        begun: Its result to be; it goes on when the waiting is interrupted.

    Raises:
        RuntimeError: The caller is on the I/O thread itself, which would wait for itself for ever.
    """
    if not begun.done() and is_current(_loop()):
        raise RuntimeError("A blocking call was made on fsspec's I/O thread; await the coroutine instead.")
    while not begun.done():
        # Waiting without a limit cannot be interrupted on Windows.
        concurrent.futures.wait((begun,), timeout=_WAKE_SECONDS)
    return begun.result()


async def on_io_thread(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the I/O thread and await its result on the caller's own loop.

    Cancelling the caller cancels the work and waits for it to clean up.

    Args:
        work: What to run.
    """
    return await on_loop(_loop(), work)


async def on_loop(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on an event loop that runs in another thread, and await its result on the caller's own loop.

    Cancelling the caller cancels the work and waits for it to clean up.

    Args:
        loop: The loop; when it is the caller's own, the work is simply awaited.
        work: What to run.
    """
    if is_current(loop):
        return await work
    try:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))
    except asyncio.CancelledError:
        deadline = time.monotonic() + _CLEANUP_SECONDS
        while not _has_ended(work) and time.monotonic() < deadline:
            # Who is cancelled twice must not go on before it has ended either.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(_POLL_SECONDS)
        raise


def _has_ended(work: Coroutine[Any, Any, T]) -> bool:
    # A future counts as cancelled as soon as cancelling is asked for, long before the work has ended.
    return inspect.getcoroutinestate(work) == inspect.CORO_CLOSED


def _forget_parents_loop() -> None:
    # Recent releases of fsspec do this themselves; in older ones a forked child waits for a thread it has not got.
    asyn = sys.modules.get("fsspec.asyn")
    if asyn is not None:
        asyn.reset_lock()


begin_in_child(_forget_parents_loop)


def _loop() -> asyncio.AbstractEventLoop:
    from fsspec.asyn import get_loop  # noqa: PLC0415  # keeps fsspec away

    loop: asyncio.AbstractEventLoop = get_loop()
    return loop


def is_io_thread() -> bool:
    """Whether the caller runs on the I/O thread."""
    return is_current(_loop())


def is_current(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether the caller runs on this event loop, and would wait for itself if it waited for the loop."""
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
