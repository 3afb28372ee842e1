"""Choose datasets by where and when their data lie, on this machine: the services cannot."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from typing import TypeAlias

from provena_api.models import ItemDataset

from provena_sdk.coverage.described import period, place
from provena_sdk.coverage.period import day
from provena_sdk.errors import InvalidArgument

BoundingBox: TypeAlias = tuple[float, float, float, float]


def coverage_filter(bbox: object, since: object, until: object) -> Callable[[ItemDataset], bool]:
    """Check the arguments, and return a function that says whether a dataset's data lie there and then.

    A dataset whose metadata give no place, or no time, does not when one is asked for.
    """
    box = None if bbox is None else _box(bbox)
    first, last = _day("since", since, last=False), _day("until", until, last=True)
    if first is not None and last is not None and first > last:
        raise InvalidArgument("until", f"must not be before since, {first}.")

    def is_covered(item: ItemDataset) -> bool:
        metadata = item.collection_format
        if box is not None:
            where = place(metadata)
            if where is None or not where.intersects(box):
                return False
        if first is not None or last is not None:
            when = period(metadata)
            return when is not None and when.overlaps(first, last)
        return True

    return is_covered


def _box(value: object) -> BoundingBox:
    try:
        west, south, east, north = map(float, value)  # type: ignore[call-overload]
    except (TypeError, ValueError):
        raise InvalidArgument("bbox", "must be four numbers in degrees: west, south, east, north.") from None
    if not all(map(math.isfinite, (west, south, east, north))) or max(abs(west), abs(east)) > 360:
        raise InvalidArgument("bbox", "has a longitude that is out of range.")
    if not -90 <= south <= north <= 90:
        raise InvalidArgument(
            "bbox", "must be west, south, east, north, with south <= north between -90 and 90."
        )
    return west, south, east, north


def _day(argument: str, value: object, *, last: bool) -> date | None:
    if value is None:
        return None
    try:
        if isinstance(value, str | date):
            return day(value, last=last)
    except ValueError:
        pass
    raise InvalidArgument(argument, "must be a date, or text such as '2024', '2024-12' or '2024-12-31'.")
