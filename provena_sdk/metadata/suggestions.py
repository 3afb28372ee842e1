"""What somebody probably meant by a value that cannot be right."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from typing import Final

_LONGEST: Final = 60
_NUMBERS: Final = re.compile(r"\s*(\d{1,4})[-/.\s](\d{1,2})[-/.\s](\d{1,4})\s*")
_BEGINS_WITH_DATE: Final = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?=[T ]|$)")


def name(given: str, known: Iterable[str]) -> str | None:
    """Return the known name that is spelt most like the given one, or None.

    Example:
        >>> name("keyword", ["name", "keywords", "formats"]), name("surprise", ["name", "keywords"])
        ('keywords', None)
    """
    close = get_close_matches(given[:_LONGEST].casefold().replace("-", "_"), list(known), n=1, cutoff=0.75)
    return close[0] if close else None


def dates(given: object) -> str | None:
    """Return the date that a text or a number means, or the two that it may mean, as YYYY-MM-DD; None if unclear.

    Example:
        >>> dates("31/12/2024"), dates("1/2/2024"), dates("2024-01-02T03:04:05Z"), dates("soon")
        ('2024-12-31', '2024-02-01 or 2024-01-02', '2024-01-02', None)
    """
    text = str(given)[:_LONGEST].strip()
    if found := _BEGINS_WITH_DATE.match(text):
        return _date(*found.groups())
    if not (found := _NUMBERS.fullmatch(text)):
        return None
    first, second, third = found.groups()
    if len(first) == 4:
        return _date(first, second, third)
    if len(third) != 4:
        return None
    days = dict.fromkeys(filter(None, (_date(third, second, first), _date(third, first, second))))
    return " or ".join(days) or None


def _date(year: str, month: str, day: str) -> str | None:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None
