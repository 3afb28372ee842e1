"""Wait until somebody stops the sandbox."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

# On Windows, a handler runs only between two waits.
_WAIT_SECONDS: Final = 1.0


@contextmanager
def stop_signals() -> Iterator[Callable[[], None]]:
    """Catch Ctrl-C, SIGTERM and the end of the terminal, and yield a function that waits for one of them.

    It returns at once if one came before. Use it on the main thread.
    """
    stopped = threading.Event()
    numbers = [signal.SIGINT, signal.SIGTERM]
    # An ignored SIGHUP stays ignored: that is how nohup keeps a process alive when its terminal closes.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    former = {number: signal.signal(number, lambda *_: stopped.set()) for number in numbers}

    def wait() -> None:
        while not stopped.wait(_WAIT_SECONDS):
            pass

    try:
        yield wait
    finally:
        for number, handler in former.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
