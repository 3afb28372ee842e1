"""Read ISO 8601 durations, the form in which metadata give a resolution in time."""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass
from typing import Final

_NUMBER: Final = r"(\d{1,12}(?:[.,]\d{1,12})?)"
_DURATION: Final = re.compile(
    rf"P(?=.)(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:T(?=.)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?"
)
_UNITS: Final = ("year", "month", "week", "day", "hour", "minute", "second")


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration, unit by unit.

    Example:
        >>> print(parse("P1DT12H"))
        1 day 12 hours
    """

    years: float = 0
    months: float = 0
    weeks: float = 0
    days: float = 0
    hours: float = 0
    minutes: float = 0
    seconds: float = 0

    def __str__(self) -> str:
        amounts = zip(astuple(self), _UNITS, strict=True)
        return (
            " ".join(f"{value:g} {unit}{'' if value == 1 else 's'}" for value, unit in amounts if value)
            or "0 seconds"
        )


def parse(text: str) -> Duration:
    """Read an ISO 8601 duration.

    Args:
        text: Such as ``P1D`` for a day or ``PT10M`` for ten minutes.

    Raises:
        ValueError: The text is not a duration.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError("not an ISO 8601 duration, such as 'P1D' for a day or 'PT10M' for ten minutes")
    return Duration(*(float((group or "0").replace(",", ".")) for group in found.groups()))
