"""The one response header that says when to come back."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime


def retry_after_seconds(headers: Mapping[str, str], now: Callable[[], float] = time.time) -> float | None:
    """Read ``Retry-After``, which is a number of seconds or a date (RFC 9110, section 10.2.3).

    Args:
        headers: The answer's headers, looked up without regard to case.
        now: The clock, in Unix seconds. The server's own ``Date`` takes its place when there is one, so that
            a clock that is wrong here does no harm.

    Returns:
        The wait in seconds, never negative, or None when the header is missing or unreadable.

    Example:
        >>> retry_after_seconds({"retry-after": "1.5"})
        1.5
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        when = _unix_time(value)
        if when is None:
            return None
        here = _unix_time(headers.get("date", ""))
        seconds = when - (now() if here is None else here)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _unix_time(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None
