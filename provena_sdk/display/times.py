"""Points in time as services give them, and as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


def moment(timestamp: float | None) -> datetime | None:
    """Return the time of a Unix timestamp, in UTC; None for none, or for one that no calendar can show.

    Example:
        >>> moment(1795741723)
        datetime.datetime(2026, 11, 27, 1, 8, 43, tzinfo=datetime.timezone.utc)
        >>> moment(1e300), moment(None)
        (None, None)
    """
    # A later time cannot be displayed in every time zone, and is not a real one.
    if timestamp is None or not 0 <= timestamp <= _LATEST:
        return None
    return datetime.fromtimestamp(timestamp, UTC)


def shown_time(time: datetime | None) -> str | None:
    """Format a time to the minute, in the local time zone; None for None."""
    return None if time is None else time.astimezone().strftime("%Y-%m-%d %H:%M %Z")
