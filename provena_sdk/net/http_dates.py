"""Parse times and waits in HTTP headers, for services, sign-in and files."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_LONGEST: Final = 64
"""The longest header value that is parsed; the longest date form has 33 characters."""

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}


def http_time(text: str | None) -> datetime | None:
    """Parse a time in one of HTTP's three formats (RFC 9110, section 5.6.7).

    Args:
        text: The header's value, or None if there is no such header.

    Returns:
        The time with its time zone, or None for another format.

    Example:
        >>> http_time("Wed, 01 May 2024 08:30:00 GMT")
        datetime.datetime(2024, 5, 1, 8, 30, tzinfo=datetime.timezone.utc)
        >>> http_time("yesterday")
    """
    if not text or len(text) > _LONGEST or not text.isascii():
        return None
    usual = _usual_form(text)
    return _other_form(text) if usual is None else usual


def retry_after(headers: Mapping[str, str], clock: Callable[[], float] = time.time) -> float | None:
    """Parse ``Retry-After``, which is a number of seconds or a date (RFC 9110, section 10.2.3).

    Args:
        headers: The answer's headers, looked up by lower-case names.
        clock: Returns Unix seconds. The answer's ``Date`` is used instead if there is one, so a wrong clock here does
            no harm.

    Returns:
        The wait in seconds, never negative, or None if the header is missing or unreadable.

    Example:
        >>> retry_after({"retry-after": "1.5"}), retry_after({"retry-after": "-1"})
        (1.5, None)
    """
    value = headers.get("retry-after", "").strip()
    if len(value) <= _LONGEST and value.isascii() and value.replace(".", "", 1).isdigit():
        return float(value)
    until = http_time(value)
    if until is None:
        return None
    dated = http_time(headers.get("date"))
    return max(0.0, until.timestamp() - (clock() if dated is None else dated.timestamp()))


# Many answers within a second have the same date, and many files were written within a second.
@functools.lru_cache(maxsize=256)
def _usual_form(text: str) -> datetime | None:
    # Sliced by position: the general parser is ten times slower, which shows in listings of many files.
    numbers = text[5:7], text[12:16], text[17:19], text[20:22], text[23:25]
    if len(text) != 29 or not all(map(str.isdigit, numbers)):
        return None
    day, year, hour, minute, second = map(int, numbers)
    try:
        return datetime(year, _MONTHS[text[8:11]], day, hour, minute, second, tzinfo=UTC)
    except (ValueError, KeyError):
        return None


def _other_form(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
