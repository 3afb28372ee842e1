"""A progress line for terminals."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from typing import Final, TextIO

from provena_sdk.display.terminal import is_terminal
from provena_sdk.transfer.progress.display import Display

_REDRAW_SECONDS: Final = 0.2
_LOG_SECONDS: Final = 30.0


class LineProgress(Display):
    """A progress line, rewritten in place in a terminal; elsewhere, a new line every 30 seconds.

    Args:
        stream: The stream to write to; None means stderr.
        clock: Returns the time in seconds.

    Example:
        >>> import io
        >>> line = LineProgress(io.StringIO())
        >>> line.start(files=2, bytes=4_000_000)
        >>> line.advance("a", 1_000_000)
        >>> str(line)
        '25%, 1.0 of 4.0 MB, 0 of 2 files...
    """

    def __init__(self, stream: TextIO | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._in_place = is_terminal(self._stream)
        super().__init__(clock=clock, redraw_seconds=_REDRAW_SECONDS if self._in_place else _LOG_SECONDS)
        self._width = 0

    def __str__(self) -> str:
        return self._tally.lines()[0]

    def _draw(self) -> None:
        lines = self._tally.lines()
        if not self._in_place:
            self._stream.write(f"{lines[0]}\n")
            self._stream.flush()
            return
        # Read the width each time, because it may change. Some terminals wrap a line that fills the last column.
        room = max(shutil.get_terminal_size().columns - 1, 1)
        line = next((line for line in lines if len(line) <= room), lines[-1][:room])
        self._stream.write("\r" + line.ljust(min(self._width, room)))
        self._stream.flush()
        self._width = len(line)

    def _close(self) -> None:
        if self._in_place:
            self._stream.write("\n")
            self._stream.flush()
