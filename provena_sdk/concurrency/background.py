"""Run blocking functions on a thread for a caller that may be cancelled.

A thread cannot be cancelled, and a program does not end before its threads do. A function that waits for a person must
therefore check whether its caller is still waiting.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_gone: ContextVar[threading.Event | None] = ContextVar("provena_caller_gone", default=None)


class Abandoned(Exception):
    """The caller was cancelled, so this thread's result is no longer needed. Users never see this error."""


async def on_thread(function: Callable[P, T], /, *args: P.args, **options: P.kwargs) -> T:
    """Run a function on a thread; if the caller is cancelled, :func:`stop_if_abandoned` raises in that thread.

    Args:
        function: The function; it may request tokens.
        args: Its positional arguments.
        options: Its keyword arguments.

    Returns:
        The function's result.
    """
    gone = threading.Event()
    context = copy_context()
    context.run(_gone.set, gone)
    work = partial(context.run, function, *args, **options)
    try:
        return await asyncio.get_running_loop().run_in_executor(None, work)
    except asyncio.CancelledError:
        gone.set()
        raise


def stop_if_abandoned() -> None:
    """Raise an error if the caller of this thread's function was cancelled.

    Raises:
        Abandoned: The caller was cancelled.
    """
    gone = _gone.get()
    if gone is not None and gone.is_set():
        raise Abandoned
