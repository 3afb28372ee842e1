"""The base of the progress displays, which all show the same facts."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

from provena_sdk.display.amounts import share
from provena_sdk.logs import Retry
from provena_sdk.transfer.progress.meter import Progress
from provena_sdk.transfer.progress.tally import Tally
from provena_sdk.transfer.report import FileOutcome, TransferReport

QUIET_SECONDS: Final = 2.0
"""How long a transfer lasts before a display that nobody asked for appears."""


class Display(Progress, ABC):
    """A progress display: it counts in a :class:`Tally` and draws at most a few times a second.

    Args:
        clock: Returns the time in seconds.
        redraw_seconds: The shortest time between two drawings.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, redraw_seconds: float = 0.2) -> None:
        self._clock = clock
        self._redraw_seconds = redraw_seconds
        self._tally = Tally(clock)
        self._opens_at = 0.0
        self._is_open = False
        self._drawn_at = float("-inf")

    def only_if_it_lasts(self, seconds: float = QUIET_SECONDS) -> Display:
        """Show nothing until so many seconds have passed, and return the display itself."""
        self._opens_at = self._clock() + seconds
        return self

    def listing(self, files: int) -> None:
        """Show how many files were found."""
        self._tally.prepare(f"listing, {files:,} files")
        self._show()

    def comparing(self, files: int, all_files: int, bytes: int, all_bytes: int) -> None:
        """Show how many files were compared."""
        words = f"comparing {files:,} of {all_files:,} files, {share(bytes, all_bytes)}"
        self._tally.prepare(words, bytes, all_bytes)
        self._show()

    def start(self, files: int, bytes: int) -> None:
        """Show the totals."""
        self._tally.start(files, bytes)
        self._show(now=True)

    def resumed(self, path: str, bytes: int) -> None:
        """Count bytes already in place, without counting them towards the rate."""
        self._tally.add(bytes, resumed=True)
        self._show()

    def advance(self, path: str, bytes: int) -> None:
        """Count transferred bytes."""
        self._tally.add(bytes, resumed=False)
        self._show()

    def file_done(self, outcome: FileOutcome) -> None:
        """Count a file."""
        self._tally.settle(outcome)
        self._show()

    def retrying(self, retry: Retry) -> None:
        """Show that a request failed and when it is repeated."""
        self._tally.retry(retry)
        self._show()

    def waiting(self, reason: str) -> None:
        """Show what is waited for."""
        self._tally.wait(reason)
        self._show()

    def tick(self) -> None:
        """Update the rate, or the time since the last progress."""
        self._show()

    def finish(self, report: TransferReport | None) -> None:
        """Draw one last time, and keep what was drawn."""
        self._tally.end(complete=report is not None)
        if self._is_open:
            self._draw()
            self._close()

    def _show(self, *, now: bool = False) -> None:
        time_now = self._clock()
        if self._tally.is_empty or time_now < self._opens_at:
            return
        if not self._is_open:
            self._is_open = True
            self._open()
        if now or time_now - self._drawn_at >= self._redraw_seconds:
            self._drawn_at = time_now
            self._draw()

    def _open(self) -> None:
        """Prepare to draw."""

    @abstractmethod
    def _draw(self) -> None:
        """Draw the tally."""

    def _close(self) -> None:
        """End, after the last drawing."""
