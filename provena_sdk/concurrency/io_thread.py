"""Run file operations on the I/O thread that fsspec keeps for all file systems, or on another event loop.

All transfers share that event loop, so sync callers can be inside a running loop, such as a notebook's, and on any
number of threads.
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
# A person who presses Ctrl-C waits less, and a journal is written much faster.
_INTERRUPT_SECONDS: Final = 0.7
_POLL_SECONDS: Final = 0.01


def run_sync(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the I/O thread and wait for its result.

    An interrupt, such as Ctrl-C, cancels the coroutine and waits less than a second for it to clean up; another
    interrupt ends that wait.

    Args:
        work: The coroutine.

    Raises:
        RuntimeError: The caller is on the I/O thread, which would wait for itself forever.
    """
    loop = _loop()
    if is_current(loop):
        work.close()
        raise RuntimeError("A blocking call was made on fsspec's I/O thread; await the coroutine instead.")
    future = asyncio.run_coroutine_threadsafe(work, loop)
    try:
        while True:
            # On Windows, a wait without a timeout cannot be interrupted.
            concurrent.futures.wait((future,), timeout=_WAKE_SECONDS)
            if future.done():
                return future.result()
    except BaseException as error:
        future.cancel()
        interrupted = isinstance(error, KeyboardInterrupt)
        deadline = time.monotonic() + (_INTERRUPT_SECONDS if interrupted else _CLEANUP_SECONDS)
        while not _has_ended(work) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        raise


def submit(work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
    """Start a coroutine on the I/O thread.

    Args:
        work: The coroutine.

    Returns:
        The future of its result.
    """
    return asyncio.run_coroutine_threadsafe(work, _loop())


def leave_running(work: Coroutine[Any, Any, object]) -> None:
    """Start a coroutine on the I/O thread without waiting for it; do nothing if that thread has ended.

    Args:
        work: The coroutine.
    """
    try:
        submit(work)
    except RuntimeError:
        work.close()


def wait_for(future: concurrent.futures.Future[T]) -> T:
    """Wait for a coroutine that :func:`submit` started, and return its result.

    Args:
        future: The future of its result; an interrupt of the wait does not cancel it.

    Raises:
        RuntimeError: The caller is on the I/O thread, which would wait for itself forever.
    """
    if not future.done() and is_current(_loop()):
        raise RuntimeError("A blocking call was made on fsspec's I/O thread; await the coroutine instead.")
    while not future.done():
        # On Windows, a wait without a timeout cannot be interrupted.
        concurrent.futures.wait((future,), timeout=_WAKE_SECONDS)
    return future.result()


async def on_io_thread(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the I/O thread and await its result on the caller's loop.

    Cancelling the caller cancels the coroutine and waits for it to clean up.

    Args:
        work: The coroutine.
    """
    return await on_loop(_loop(), work)


async def on_loop(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on an event loop of another thread, and await its result on the caller's loop.

    Cancelling the caller cancels the coroutine and waits for it to clean up.

    Args:
        loop: The loop; if it is the caller's, the coroutine is awaited directly.
        work: The coroutine.
    """
    if is_current(loop):
        return await work
    try:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))
    except asyncio.CancelledError:
        deadline = time.monotonic() + _CLEANUP_SECONDS
        while not _has_ended(work) and time.monotonic() < deadline:
            # A caller that is cancelled twice must still wait until the coroutine has ended.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(_POLL_SECONDS)
        raise


def _has_ended(work: Coroutine[Any, Any, T]) -> bool:
    # A future counts as cancelled as soon as cancellation is requested, before the coroutine has ended.
    return inspect.getcoroutinestate(work) == inspect.CORO_CLOSED


def _forget_parents_loop() -> None:
    # Recent releases of fsspec do this themselves; with older ones, a forked child waits for a thread it does not have.
    asyn = sys.modules.get("fsspec.asyn")
    if asyn is not None:
        asyn.reset_lock()


begin_in_child(_forget_parents_loop)


def _loop() -> asyncio.AbstractEventLoop:
    from fsspec.asyn import get_loop  # noqa: PLC0415  # keeps fsspec away

    loop: asyncio.AbstractEventLoop = get_loop()
    return loop


def is_io_thread() -> bool:
    """Return whether the caller runs on the I/O thread."""
    return is_current(_loop())


def is_current(loop: asyncio.AbstractEventLoop) -> bool:
    """Return whether the caller runs on this event loop, so that it must not block on it."""
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
