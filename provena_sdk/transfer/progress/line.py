"""A progress line for terminals."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from typing import Final, TextIO

from provena_sdk.display.amounts import human_size
from provena_sdk.transfer.progress.meter import Progress
from provena_sdk.transfer.progress.tally import Tally
from provena_sdk.transfer.report import FileOutcome, TransferReport

_REDRAW_SECONDS: Final = 0.2


class LineProgress(Progress):
    """A progress line, rewritten in place; the display for ``progress=True`` in a terminal.

    Args:
        stream: The stream to write to; None means stderr.
        clock: Returns the time in seconds.

    Example:
        >>> import io
        >>> line = LineProgress(io.StringIO())
        >>> line.start(files=2, bytes=4_000_000)
        >>> line.advance("a", 1_000_000)
        >>> str(line)
        '25%, 1.0 MB of 4.0 MB, 0 of 2 files...
    """

    def __init__(self, stream: TextIO | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._tally = Tally(clock)
        self._width = 0
        self._drawn_at = float("-inf")

    def __str__(self) -> str:
        return self._lines()[0]

    def _lines(self) -> list[str]:
        """Return the line, followed by shorter versions for narrow terminals."""
        tally = self._tally
        done = tally.bytes / tally.all_bytes if tally.all_bytes else tally.files / max(tally.all_files, 1)
        share, amount = f"{done:.0%}", f"{human_size(tally.bytes)} of {human_size(tally.all_bytes)}"
        # Read once, because it changes with time.
        speed = tally.speed()
        choices = [
            (share, amount, tally.counted(), speed),
            (share, tally.counted(), speed),
            (share, tally.failures(), speed),
            (share, tally.failures()),
        ]
        return [", ".join(filter(None, choice)) for choice in choices]

    def start(self, files: int, bytes: int) -> None:
        """Show the line."""
        self._tally.start(files, bytes)
        self._draw()

    def resumed(self, path: str, bytes: int) -> None:
        """Count bytes already in place."""
        self._tally.add(bytes, resumed=True)
        self._draw()

    def advance(self, path: str, bytes: int) -> None:
        """Count transferred bytes."""
        self._tally.add(bytes, resumed=False)
        self._draw()

    def file_done(self, outcome: FileOutcome) -> None:
        """Count a file."""
        self._tally.settle(outcome)
        self._draw()

    def tick(self) -> None:
        """Update the speed, or the time since the last progress."""
        self._draw()

    def finish(self, report: TransferReport | None) -> None:
        """Draw the line one last time, and keep it."""
        self._draw(last=True)

    def _draw(self, *, last: bool = False) -> None:
        now = self._clock()
        # Without files to transfer there is nothing to draw; the report says so.
        if not self._tally.all_files or (not last and now - self._drawn_at < _REDRAW_SECONDS):
            return
        self._drawn_at = now
        # Read the width each time, because it may change. Some terminals wrap a line that fills the last column.
        room = max(shutil.get_terminal_size().columns - 1, 1)
        lines = self._lines()
        line = next((line for line in lines if len(line) <= room), lines[-1][:room])
        self._stream.write("\r" + line.ljust(min(self._width, room)) + ("\n" if last else ""))
        self._stream.flush()
        self._width = len(line)
