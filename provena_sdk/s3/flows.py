"""Find the number of large requests that a line needs, from the rate it reaches.

Each large request is one flow while its bytes move. The number doubles while the rate grows (TCP's slow start), then
holds; now and then it is tried higher and lower. Only measured gains count: a probe that gains nothing is undone, and
the next one comes later, so that the number does not oscillate. On a slow line each flow takes long, so fewer are
tried first.
"""

from __future__ import annotations

import enum
from typing import Final

from provena_sdk.s3.limits import LEAST_PART_BYTES, PART_BYTES

FIRST: Final = 4
LEAST: Final = 2
MOST: Final = 32

# As long as one flow may turn out to be enough, the line is measured more often.
_FIRST_SECONDS: Final = 0.01
_START_SECONDS: Final = 0.05
_LONGEST_START_SECONDS: Final = 1.0
_HOLD_SECONDS: Final = 1.0
_LONGEST_HOLD_SECONDS: Final = 10.0
_TICKS: Final = 4
# Small requests, such as those that begin uploads, move fewer bytes.
_SMALL_BYTES: Final = 32 * 1024
_START_GROWTH: Final = 1.15
_STRIKES: Final = 3
_WORTH_MORE: Final = 1.1
# A second flow makes most lines no faster, and a body's first bytes are counted late.
_WORTH_TWO: Final = 1.4
_AS_FAST_AS_TWO: Final = 0.8
_AS_FAST: Final = 0.97
_AS_FAST_WHERE_SLOW: Final = 0.9
# The longest time in which the line should finish the requests that run, so that few are lost with a connection.
_DEEP_SECONDS: Final = 4.0
# What an interrupted body has sent is lost; what an answer has brought is not.
_DEEP_SECONDS_OF_BODIES: Final = 3.0
_FIRST_PROBE_SECONDS: Final = 4.0
_LAST_PROBE_SECONDS: Final = 60.0
_PROBE_LATENCIES: Final = 24


class _Phase(enum.Enum):
    START = enum.auto()
    HOLD = enum.auto()
    HIGHER = enum.auto()
    LOWER = enum.auto()


class Flows:
    """A controller of the number of large requests at once. It reads no clock and sends nothing.

    Args:
        most: The largest number.
        first: The number to start with.
        least: The smallest number.
        part_bytes: The bytes of a request on a slow line.
        deep_seconds: The longest time in which the line should finish the requests that run.
        rate: The most bytes per second that may move; None sets no limit.

    Example:
        >>> flows = Flows()
        >>> for tick in range(5):
        ...     flows.sample(tick * 0.1, tick * 100_000_000, running=flows.limit, waiting=9)
        >>> flows.limit
        8
    """

    def __init__(
        self,
        most: int = MOST,
        first: int = FIRST,
        least: int = LEAST,
        *,
        part_bytes: int = PART_BYTES,
        deep_seconds: float = _DEEP_SECONDS,
        rate: float | None = None,
    ) -> None:
        self.limit = min(first, most)
        """The number of large requests whose bytes may move at once."""
        self.rate = 0.0
        """The bytes per second that the line was last found to carry with as many flows."""
        self._most = most
        self._least = min(least, most)
        self._part_bytes = part_bytes
        self._deep_seconds = deep_seconds
        while rate is not None and self._is_too_deep(rate):
            self.limit = max(self._least, self.limit // 2)
        self._phase = _Phase.START
        self._begun_at: float | None = None
        self._latency = 0.0
        self._since: float | None = None
        self._moved = 0
        self._strikes = 0
        self._settled_at = 0.0
        self._before = self.limit
        self._probe_at = 0.0
        self._probe_seconds = _FIRST_PROBE_SECONDS
        self._higher_next: bool | None = None

    @classmethod
    def of_bodies(cls, most: int = MOST) -> Flows:
        """Return a controller for requests that send their bytes: one until the line shows itself to be fast.

        Args:
            most: The largest number.
        """
        return cls(most, 1, 1, part_bytes=LEAST_PART_BYTES, deep_seconds=_DEEP_SECONDS_OF_BODIES)

    @property
    def tick(self) -> float:
        """The seconds until the next sample is due."""
        return self._window / (1 if self._phase is _Phase.START else _TICKS)

    @property
    def _window(self) -> float:
        if self._phase is _Phase.START:
            least = _START_SECONDS if self.limit >= min(FIRST, self._most) else _FIRST_SECONDS
            return min(max(least, self._latency), _LONGEST_START_SECONDS)
        # The first bytes of a body count only at its end, so a window holds several times as many.
        return min(max(_HOLD_SECONDS, 4 * self._latency), _LONGEST_HOLD_SECONDS)

    @property
    def _probe_wait(self) -> float:
        # Where measuring takes long, so does a probe.
        return max(self._probe_seconds, min(_PROBE_LATENCIES * self._latency, _LAST_PROBE_SECONDS))

    def sample(self, now: float, moved: int, *, running: int, waiting: int) -> None:
        """Measure the rate, and set the limit by it.

        Args:
            now: The time in seconds, by any clock.
            moved: The bytes moved so far.
            running: The large requests whose bytes move now.
            waiting: The large requests that wait for others.
        """
        if not running and not waiting:
            self._undo_probe(now)
            self._begun_at = self._since = None
            return
        if self._begun_at is None:
            self._begun_at, self._moved = now, moved
        if self._phase is _Phase.START and not self.rate and moved - self._moved < _SMALL_BYTES:
            # The first bytes of large requests take as long as any rate takes to show.
            self._latency, self._since = now - self._begun_at, now
            return
        if running + waiting < self.limit:
            # What limits the rate is the number of requests, which says nothing about the line.
            self._undo_probe(now)
            self._since = None
        elif running > self.limit or now < self._settled_at:
            self._since = None
        elif self._since is None:
            self._since, self._moved = now, moved
        elif now - self._since >= self._window * 0.9:
            rate = (moved - self._moved) / (now - self._since)
            self._since, self._moved = now, moved
            self._judge(now, rate)

    def _judge(self, now: float, rate: float) -> None:
        match self._phase:
            case _Phase.START:
                self._start(now, rate)
            case _Phase.HOLD:
                self._hold(now, rate)
            case _Phase.HIGHER:
                if rate >= self.rate * (_WORTH_TWO if self._before == 1 else _WORTH_MORE):
                    self._keep(now, rate, higher_next=True)
                else:
                    self._undo_probe(now)
            case _Phase.LOWER:
                if rate >= self.rate * self._as_fast:
                    # The rate to compare with next time; many small losses would add up to a large one.
                    self._keep(now, max(rate, self.rate), higher_next=False)
                else:
                    self._undo_probe(now)

    @property
    def _as_fast(self) -> float:
        if not self._is_deep(self._before):
            return _AS_FAST
        return _AS_FAST_AS_TWO if self.limit == 1 else _AS_FAST_WHERE_SLOW

    def _start(self, now: float, rate: float) -> None:
        if rate >= self.rate * _START_GROWTH:
            self.rate, self._strikes = rate, 0
            more = max(2 * self.limit, FIRST)
            if self._is_deep(more):
                more = 2 * self.limit
            if not self._is_deep(more):
                self.limit = min(more, self._most)
        else:
            self._strikes += 1
        if self._strikes == _STRIKES or self.limit == self._most:
            self._phase, self.rate = _Phase.HOLD, 0.0
            self._probe_at = now if self._is_too_deep(rate) else now + self._probe_wait

    def _hold(self, now: float, rate: float) -> None:
        if not 0.5 * self.rate < rate < 2 * self.rate and self.rate:
            # Another line, or another load on it: what was found does not hold any more.
            self._probe_seconds = _FIRST_PROBE_SECONDS
            self._probe_at = min(self._probe_at, now + self._probe_wait)
            self.rate = rate
        self.rate = 0.7 * self.rate + 0.3 * rate if self.rate else rate
        if now >= self._probe_at:
            self._probe(now)

    def _probe(self, now: float) -> None:
        self._before = self.limit
        deep = self._is_deep(self.limit)
        higher = not deep if self._higher_next is None else self._higher_next
        if self.limit > self._least and (not higher or self.limit == self._most):
            self._phase = _Phase.LOWER
            # A wrong guess costs a fast line more.
            self.limit = max(self._least, -(-self.limit // 2) if deep else self.limit * 3 // 4)
        elif self.limit < self._most:
            self._phase = _Phase.HIGHER
            self.limit = min(self._most, self.limit + max(1, self.limit // 2))
        else:
            return
        self._settled_at = now + max(2 * self._latency, _HOLD_SECONDS / 2)
        self._since = None

    def _keep(self, now: float, rate: float, *, higher_next: bool) -> None:
        self._phase, self.rate = _Phase.HOLD, rate
        self._higher_next = higher_next
        self._probe_seconds = _FIRST_PROBE_SECONDS
        # A gain is followed up at once.
        self._probe_at = now if higher_next or self._is_too_deep(rate) else now + self._probe_wait

    def _undo_probe(self, now: float) -> None:
        if self._phase not in (_Phase.HIGHER, _Phase.LOWER):
            return
        # Fewer were slower, so more may be faster.
        self._higher_next = self._phase is _Phase.LOWER
        self.limit, self._phase = self._before, _Phase.HOLD
        self._probe_at = now + self._probe_wait
        self._probe_seconds = min(2 * self._probe_seconds, _LAST_PROBE_SECONDS)

    def _is_too_deep(self, rate: float) -> bool:
        return self.limit > self._least and self._is_deep_at(rate, self.limit)

    def _is_deep(self, limit: int) -> bool:
        return self._is_deep_at(self.rate, limit)

    def _is_deep_at(self, rate: float, limit: int) -> bool:
        """Return whether so many requests would take the line longer than a few seconds."""
        return limit * self._part_bytes > rate * self._deep_seconds
