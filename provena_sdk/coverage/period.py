"""Spans of time."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from provena_sdk.display.notebook import pretty
from provena_sdk.display.pictures.timeline import Bar, timeline

_MONTH: Final = re.compile(r"(\d{4})(?:-(\d{2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """A span of days; both ends belong to it.

    Attributes:
        begin: The first day.
        end: The last day.

    Example:
        >>> print(Period(date(2019, 1, 1), date(2024, 12, 31)))
        2019-01-01 to 2024-12-31
    """

    begin: date
    end: date

    def overlaps(self, since: date | None, until: date | None) -> bool:
        """Return whether a day of the period is not before ``since`` and not after ``until``; None sets no limit.

        Example:
            >>> Period(date(2019, 1, 1), date(2024, 12, 31)).overlaps(date(2024, 6, 1), None)
            True
        """
        return (since is None or self.end >= since) and (until is None or self.begin <= until)

    def __str__(self) -> str:
        if self.begin == self.end:
            return self.begin.isoformat()
        return f"{self.begin.isoformat()} to {self.end.isoformat()}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    def _repr_html_(self) -> str:
        return timeline([Bar("", self.begin, self.end)])._repr_html_()


def day(value: date | str, *, last: bool = False) -> date:
    """Return the day of a date, a time or ISO 8601 text.

    Args:
        value: Such as ``2024-12-31``; also a month, ``2024-12``, or a year.
        last: True for the last day of a month or a year, else its first.

    Raises:
        ValueError: The text is not a date.

    Example:
        >>> day("2024"), day("2024-02", last=True)
        (datetime.date(2024, 1, 1), datetime.date(2024, 2, 29))
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    found = _MONTH.fullmatch(value)
    if found is None:
        return date.fromisoformat(value)
    year, month = int(found[1]), int(found[2] or (12 if last else 1))
    return date(year, month, monthrange(year, month)[1] if last else 1)
