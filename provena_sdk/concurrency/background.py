"""Runs blocking functions on a thread for a caller that may be cancelled.

A thread cannot be cancelled, and a program does not end before its threads do: what waits for a person there has to
look whether anybody still waits for it.
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
    """The caller was cancelled, so nobody waits for this thread's result; never seen by users."""


async def on_thread(function: Callable[P, T], /, *args: P.args, **options: P.kwargs) -> T:
    """Run a function on a thread; if the caller is cancelled, :func:`stop_if_abandoned` raises there.

    Args:
        function: What to run; it may ask for tokens.
        args: Its arguments.
        options: Its keyword arguments.

    Returns:
        What it returned.
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
    """Stop what this thread does when its caller was cancelled.

    Raises:
        Abandoned: It was.
    """
    gone = _gone.get()
    if gone is not None and gone.is_set():
        raise Abandoned
