"""Run transfers so that Ctrl-C ends them within a second, and reports how much was transferred."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, TypeVar

from provena_sdk.concurrency.io_thread import on_io_thread, run_sync
from provena_sdk.errors import TransferInterrupted
from provena_sdk.transfer.progress.meter import Meter

T = TypeVar("T")


def run_transfer(work: Coroutine[Any, Any, T], meter: Meter, where: str = "here") -> T:
    """Run a transfer on the I/O thread and wait for its result.

    Args:
        work: The transfer.
        meter: The transfer's progress.
        where: The side that the files go to: ``"here"`` or ``"there"``.

    Raises:
        TransferInterrupted: The user pressed Ctrl-C. What has arrived is kept.
    """
    stopped: TransferInterrupted | None = None
    try:
        return run_sync(work)
    except KeyboardInterrupt:
        meter.finish(None)
        stopped = meter.interrupted(where=where)
        if sys.excepthook is sys.__excepthook__:
            sys.excepthook = _print_message
    # Raised outside the handler, so that the inner frames are not shown.
    raise stopped


def _print_message(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print only the message of an interrupted transfer, without a traceback, and end as SIGINT does."""
    if not isinstance(error, TransferInterrupted):
        sys.__excepthook__(kind, error, trace)
        return
    print(error, file=sys.stderr)  # noqa: T201  # in place of a traceback
    end_by_sigint()


def end_by_sigint() -> None:
    """End the process by SIGINT, where there are signals, because a shell ends its loop only then.

    Python does so itself for KeyboardInterrupt, but not for its subclasses.
    """
    if os.name != "posix":
        return
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)


async def run_transfer_async(work: Coroutine[Any, Any, T], meter: Meter, where: str = "here") -> T:
    """Run a transfer on the I/O thread and await its result on the caller's loop.

    Args:
        work: The transfer.
        meter: The transfer's progress.
        where: See :func:`run_transfer`.
    """
    return await on_io_thread(work)
