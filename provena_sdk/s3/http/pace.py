"""How slowly the bytes of a request and its answer may move."""

from __future__ import annotations

from typing import Final, NamedTuple


class LeastRate(NamedTuple):
    """The slowest rate at which a line counts as one.

    Connections that are busy at once share their line, and so each needs its share of the rate only.

    Args:
        bytes: How many bytes a second have to move on all of them together.
        seconds: Over how many seconds that is measured.
    """

    bytes: float = 1000.0
    seconds: float = 60.0

    def __str__(self) -> str:
        return f"less than {self.bytes:,.0f} bytes a second over {self.seconds:g} s"


LEAST_RATE: Final = LeastRate()
"""What every client demands. Without it, a byte now and then would keep a request going for ever."""


class Pace:
    """Measures how fast one connection is, whenever it is asked."""

    __slots__ = ("_moved", "_since")

    def __init__(self) -> None:
        self._since: float | None = None
        self._moved = 0

    def restart(self) -> None:
        """Measure anew from the next time on: nothing has to move now."""
        self._since = None

    def postpone(self, seconds: float) -> None:
        """Leave out some seconds in which nobody could take what arrived."""
        if self._since is not None:
            self._since += seconds

    def is_too_slow(self, now: float, moved: int, rate: LeastRate, sharing: int = 1) -> bool:
        """Whether too little moved while it was measured; the next measurement begins then.

        Args:
            now: Seconds, by any clock.
            moved: The bytes that have moved so far.
            rate: The least rate.
            sharing: How many connections share the line.

        Example:
            >>> pace = Pace()
            >>> pace.is_too_slow(0.0, 0, LEAST_RATE), pace.is_too_slow(59.0, 59, LEAST_RATE)
            (False, False)
            >>> pace.is_too_slow(60.0, 60, LEAST_RATE)
            True
        """
        if self._since is None:
            self._since, self._moved = now, moved
            return False
        seconds = now - self._since
        if seconds < rate.seconds:
            return False
        enough = rate.bytes * seconds / max(sharing, 1)
        if moved - self._moved < enough:
            return True
        self._since, self._moved = now, moved
        return False
