"""The slowest rate at which the bytes of a request and its answer may move."""

from __future__ import annotations

from typing import Final, NamedTuple


class LeastRate(NamedTuple):
    """The slowest acceptable rate of a line.

    Connections that are busy at once share the line, so each must reach only its share of the rate.

    Args:
        bytes: Bytes per second of all connections together.
        seconds: The seconds over which the rate is measured.
    """

    bytes: float = 1000.0
    seconds: float = 60.0

    def __str__(self) -> str:
        return f"less than {self.bytes:,.0f} bytes a second over {self.seconds:g} s"


LEAST_RATE: Final = LeastRate()
"""The default of every client. Without it, an occasional byte would keep a request alive for ever."""


class Pace:
    """A measurement of the rate of one connection."""

    __slots__ = ("_moved", "_since")

    def __init__(self) -> None:
        self._since: float | None = None
        self._moved = 0

    def restart(self) -> None:
        """Restart the measurement at the next check, for a time in which no bytes are due."""
        self._since = None

    def postpone(self, seconds: float) -> None:
        """Exclude seconds in which this thread could not receive bytes."""
        if self._since is not None:
            self._since += seconds

    def is_too_slow(self, now: float, moved: int, rate: LeastRate, sharing: int = 1) -> bool:
        """Return whether too few bytes moved in the measured time; if enough did, begin the next measurement.

        Args:
            now: The time in seconds, by any clock.
            moved: The bytes moved so far.
            rate: The slowest acceptable rate.
            sharing: The number of connections that share the line.

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
