"""The sandbox's clock, which a test may move or stop."""

from __future__ import annotations

import time


class Clock:
    """Unix time with an offset.

    Example:
        >>> clock = Clock()
        >>> clock.freeze(1_700_000_000)
        >>> clock.advance(300)
        >>> clock.now()
        1700000300.0
    """

    def __init__(self) -> None:
        self._offset = 0.0
        self._frozen: float | None = None

    def now(self) -> float:
        """Return the time in Unix seconds."""
        return time.time() + self._offset if self._frozen is None else self._frozen

    def advance(self, seconds: float) -> None:
        """Move the time forward; tokens and codes age with it."""
        if self._frozen is None:
            self._offset += seconds
        else:
            self._frozen += seconds

    def freeze(self, timestamp: float | None = None) -> None:
        """Stop the time at ``timestamp`` (Unix seconds), or now."""
        self._frozen = float(self.now() if timestamp is None else timestamp)

    def resume(self) -> None:
        """Return to the real time."""
        self._offset, self._frozen = 0.0, None
