"""The figures in progress displays: files, bytes, speed and time left."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from provena_sdk.display.amounts import human_size
from provena_sdk.transfer.report import FileOutcome

_WINDOW_SECONDS: Final = 15.0
_STEP_SECONDS: Final = 0.5
_WAITING_SECONDS: Final = 5.0
_SETTLED_SECONDS: Final = 2.0
_SETTLED_SHARE: Final = 0.01
_LONG_SECONDS: Final = 48 * 3600


class Tally:
    """A count of files and bytes, with the speed over the last seconds and the time left.

    Args:
        clock: Returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.files = self.all_files = 0
        self.bytes = self.all_bytes = 0
        self.failed = 0
        self._moved = self._resumed = 0
        self._samples: deque[tuple[float, int]] = deque()
        self._updated_at = clock()
        self._first_at: float | None = None
        self._flowing_since = float("inf")

    def start(self, files: int, size: int) -> None:
        """Set the totals."""
        self.all_files, self.all_bytes = files, size
        self._updated_at = self._clock()
        self._samples.append((self._updated_at, 0))

    def add(self, size: int, *, resumed: bool) -> None:
        """Count bytes. Resumed bytes do not count towards the speed."""
        self.bytes += size
        now = self._clock()
        quiet, self._updated_at = now - self._updated_at, now
        if resumed:
            self._resumed += size
            return
        if self._first_at is None:
            self._first_at = self._flowing_since = now
        elif quiet >= _WAITING_SECONDS:
            self._flowing_since = now
        self._moved += size
        if not self._samples or now - self._samples[-1][0] >= _STEP_SECONDS:
            self._samples.append((now, self._moved))
            while len(self._samples) > 2 and now - self._samples[0][0] > _WINDOW_SECONDS:
                self._samples.popleft()

    def settle(self, outcome: FileOutcome) -> None:
        """Count a file that is done or failed."""
        self.files += 1
        self.failed += not outcome.ok
        self._updated_at = self._clock()

    def rate(self) -> float | None:
        """Return the speed in bytes per second, which falls while no bytes arrive; None if it is not known yet."""
        if not self._samples:
            return None
        since, before = self._samples[0]
        seconds = self._clock() - since
        return (self._moved - before) / seconds if seconds >= _STEP_SECONDS and self._moved > before else None

    def seconds_left(self) -> float | None:
        """Return the estimated seconds left; None if nothing is left, or if it is too early for an estimate."""
        rate, left, now = self.rate(), self.all_bytes - self.bytes, self._clock()
        if not rate or not left or self._first_at is None:
            return None
        # The first bytes after a start or a pause may arrive all at once, and say little about the rest.
        if now - self._flowing_since < _SETTLED_SECONDS:
            return None
        enough = self._moved >= _SETTLED_SHARE * (self.all_bytes - self._resumed)
        return left / rate if enough or now - self._first_at >= _WINDOW_SECONDS else None

    def waiting(self) -> str:
        """Return a note such as "nothing new for 7 s" after 5 seconds without progress; otherwise an empty string.

        The connection need not be idle, because a large file is reported range by range.
        """
        quiet = self._clock() - self._updated_at
        return (
            f"nothing new for {quiet:.0f} s"
            if quiet >= _WAITING_SECONDS and self.bytes < self.all_bytes
            else ""
        )

    def counted(self) -> str:
        """Describe how many files are done and how many failed."""
        return ", ".join(filter(None, (f"{self.files} of {self.all_files} files", self.failures())))

    def failures(self) -> str:
        """Describe how many files failed; empty if none did."""
        return f"{self.failed} failed" if self.failed else ""

    def speed(self) -> str:
        """Describe the speed and the time left."""
        waiting = self.waiting()
        if waiting:
            return waiting
        rate, left = self.rate(), self.seconds_left()
        if rate is None:
            return ""
        speed = f"{human_size(round(rate))}/s"
        return speed if left is None else f"{speed}, {_clock_time(left)} left"


def _clock_time(seconds: float) -> str:
    if seconds > _LONG_SECONDS:
        return "more than 2 days"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
