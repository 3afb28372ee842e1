"""Rates as people write them."""

from __future__ import annotations

import re
from typing import Final

LEAST_RATE: Final = 1000.0
"""The lowest limit in bytes per second; below it, object stores close connections."""

_RATE: Final = re.compile(
    r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)(b|bytes?|bits?)(?:/s|ps)?", re.ASCII | re.IGNORECASE
)
_POWERS: Final = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def bytes_per_second(given: object) -> float:
    """Parse a rate.

    Args:
        given: A number of bytes per second, or text with a unit: B, kB, MB, GB (powers of 1,000), KiB, MiB, GiB (powers
            of 1,024) or bit, kbit, Mbit, Gbit, each with or without ``/s``. A ``b`` means bytes, like a ``B``.

    Returns:
        The bytes per second.

    Raises:
        ValueError: It is not such a rate, or less than 1,000 bytes per second; the message completes "must be".

    Example:
        >>> bytes_per_second("5MB/s"), bytes_per_second("1.5 MiB/s"), bytes_per_second("40 Mbit/s")
        (5000000.0, 1572864.0, 5000000.0)
    """
    rate: float | None = None
    if isinstance(given, int | float) and not isinstance(given, bool):
        rate = float(min(given, 1e15))
    elif isinstance(given, str) and (match := _RATE.fullmatch(given.strip())):
        number, prefix, binary, unit = match.groups()
        base = 1024 if binary else 1000
        rate = float(number) * base ** _POWERS[prefix.lower()] / (8 if "bit" in unit.lower() else 1)
    if rate is None or rate != rate:
        raise ValueError("a number of bytes per second, or text such as '5MB/s'")
    if rate < LEAST_RATE:
        raise ValueError("at least 1 kB/s")
    return min(rate, 1e15)
