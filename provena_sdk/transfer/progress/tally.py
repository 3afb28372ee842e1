"""The figures in progress displays: files, bytes, rate and time left, and what is happening, in words."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Final

from provena_sdk.display.amounts import duration, human_size, share, time_left
from provena_sdk.logs import Retry
from provena_sdk.transfer.report import FileOutcome

_WINDOW_SECONDS: Final = 10.0
_STEP_SECONDS: Final = 0.5
_SMOOTHING_SECONDS: Final = 5.0
# A rate that changes more often cannot be read.
_SPEED_SECONDS: Final = 1.0
_WAITING_SECONDS: Final = 5.0
_SETTLED_SECONDS: Final = 2.0
_SETTLED_SHARE: Final = 0.01
# How far beyond its rounding an estimate must move before other words are shown.
_CALM: Final = 0.75
# How long after its wait a retry without a result still describes the state.
_RETRY_SECONDS: Final = 20.0


class Tally:
    """A count of files and bytes, with the rate over the last ten seconds and the time left.

    Args:
        clock: Returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.files = self.all_files = 0
        self.bytes = self.all_bytes = 0
        self.failed = 0
        self.ended: str = ""
        """How the transfer ended; empty while it runs."""
        self._preparing = ""
        self._moved = self._resumed = 0
        self._samples: deque[tuple[float, int]] = deque()
        self._began_at = self._updated_at = clock()
        self._first_at: float | None = None
        self._flowing_since = math.inf
        self._retries: dict[str | None, tuple[float, Retry]] = {}
        self._awaited = ""
        self._speed = ""
        self._speed_at = -math.inf
        self._left: float | None = None
        self._left_at = 0.0
        self._shown_left: float | None = None

    def prepare(self, what: str, done: int = 0, total: int = 0) -> None:
        """Set what is done before the transfer, in words, and how many bytes of it are done."""
        self._preparing = what
        self.bytes, self.all_bytes = done, total

    def start(self, files: int, size: int) -> None:
        """Set the totals."""
        self._preparing = ""
        self.all_files, self.all_bytes = files, size
        self.files = self.bytes = 0
        self._updated_at = self._clock()
        self._samples.append((self._updated_at, 0))

    def add(self, size: int, *, resumed: bool) -> None:
        """Count bytes. Resumed bytes do not count towards the rate."""
        self.bytes += size
        now = self._clock()
        quiet, self._updated_at = now - self._updated_at, now
        if resumed:
            self._resumed += size
            return
        self._awaited = ""
        self._retries.clear()
        if self._first_at is None:
            self._first_at = self._flowing_since = now
        elif quiet >= _WAITING_SECONDS:
            self._flowing_since = now
            self._left = self._shown_left = None
        self._moved += size
        if not self._samples or now - self._samples[-1][0] >= _STEP_SECONDS:
            self._samples.append((now, self._moved))
            while len(self._samples) > 2 and now - self._samples[0][0] > _WINDOW_SECONDS:
                self._samples.popleft()

    def retry(self, retry: Retry) -> None:
        """Note that a request failed and will be repeated."""
        self._retries[retry.path] = (self._clock() + retry.wait, retry)

    def wait(self, reason: str) -> None:
        """Note what is waited for, until bytes are transferred again."""
        self._awaited = reason

    def settle(self, outcome: FileOutcome) -> None:
        """Count a file that is done or failed."""
        self.files += 1
        self.failed += not outcome.ok
        self._retries.pop(outcome.path, None)
        self._updated_at = self._clock()

    def end(self, *, complete: bool) -> None:
        """Note the end of the transfer."""
        took = duration(self._clock() - self._began_at)
        self.ended = f"in {took}" if complete else f"stopped after {took}"

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show: nothing to transfer, and nothing being prepared."""
        return not self.all_files and not self._preparing

    def rate(self) -> float | None:
        """Return the bytes per second, which falls while no bytes arrive; None if it is not known yet."""
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
        """Describe a lost connection, a wait, or that nothing has arrived for 5 seconds; empty while bytes arrive."""
        return self._waiting()[0]

    def _waiting(self) -> tuple[str, str]:
        """Return the words, and fewer words for narrow displays."""
        now = self._clock()
        pending = [(due, retry) for due, retry in self._retries.values() if now < due + _RETRY_SECONDS]
        if pending:
            retry = max((retry for _, retry in pending), key=lambda retry: retry.attempt)
            due = min((due for due, _ in pending if due > now), default=now)
            when = f" in {math.ceil(due - now)} s" if due > now else ""
            words = f"{retry.reason}, trying again{when}"
            return f"{words} ({retry.attempt} of {retry.most})", words
        if self._awaited:
            return self._awaited, "waiting for another process"
        quiet = now - self._updated_at
        if quiet < _WAITING_SECONDS or self.bytes >= self.all_bytes or self._preparing:
            return "", ""
        words = f"nothing has arrived for {quiet:.0f} s"
        return words, words

    def counted(self) -> str:
        """Describe how many files are done and how many failed."""
        if self._preparing:
            return self._preparing
        return ", ".join(filter(None, (f"{self.files:,} of {self.all_files:,} files", self.failures())))

    def failures(self) -> str:
        """Describe how many files failed; empty if none did."""
        return f"{self.failed} failed" if self.failed else ""

    def speed(self) -> str:
        """Describe the rate and the time left, or why nothing arrives, or how it ended."""
        return self._status()[0]

    def _status(self) -> tuple[str, str]:
        """Return :meth:`speed`, and the same in fewer words."""
        if self.ended:
            return self.ended, self.ended
        if self._preparing:
            return "", ""
        waiting = self._waiting()
        if waiting[0]:
            return waiting
        left = self._calm_time_left()
        both = ", ".join(filter(None, (self._calm_rate(), left)))
        return both, left or both

    def _calm_rate(self) -> str:
        now = self._clock()
        if now - self._speed_at >= _SPEED_SECONDS or not self._speed:
            rate = self.rate()
            self._speed = "" if rate is None else f"{human_size(round(rate))}/s"
            self._speed_at = now
        return self._speed

    def _calm_time_left(self) -> str:
        estimate, now = self.seconds_left(), self._clock()
        if estimate is None:
            return ""
        passed, self._left_at = now - self._left_at, now
        if self._left is None:
            self._left = estimate
        else:
            expected = max(0.0, self._left - passed)
            self._left = expected + (estimate - expected) * (1 - math.exp(-passed / _SMOOTHING_SECONDS))
        step, _ = time_left(self._left)
        if self._shown_left is None or abs(self._left - self._shown_left) > _CALM * step:
            self._shown_left = round(self._left / step) * step
        return time_left(self._shown_left)[1]

    def share(self) -> float:
        """Return the fraction that is done, from 0 to 1."""
        if self.all_bytes:
            return self.bytes / self.all_bytes
        return self.files / self.all_files if self.all_files else 0.0

    def lines(self) -> list[str]:
        """Return the line that describes the transfer, and shorter lines for narrow displays."""
        if self._preparing:
            return [self._preparing, self._preparing.rpartition(", ")[0] or self._preparing]
        percent, amount = f"{self.share():.0%}", share(self.bytes, self.all_bytes)
        status, short = self._status()
        choices = [
            (percent, amount, self.counted(), status),
            (percent, amount, self.failures(), status),
            (percent, self.failures(), status),
            (percent, self.failures(), short),
            (short,) if self._waiting()[0] else (percent, self.failures()),
            (percent,),
        ]
        return [", ".join(filter(None, choice)) for choice in choices]
