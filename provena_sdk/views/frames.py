"""Data frames: rows with chosen columns and real dates, or every field of the items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, date, datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from pandas import DataFrame

ColumnType: TypeAlias = Literal["date", "time"]
"""A column of days, or of points in time, which are in UTC."""


def frame(
    rows: Iterable[Sequence[object]],
    columns: Sequence[str],
    index: str | None = None,
    types: Mapping[str, ColumnType] | None = None,
) -> DataFrame:
    """Return rows as a data frame.

    Args:
        rows: The rows, each with a value for each column; None for a value that is missing.
        columns: The columns' names.
        index: The column that becomes the index, such as ``handle``; None numbers the rows.
        types: The columns of dates and times, by name, so that they have their type even without a value.

    Returns:
        The data frame. Dates are ``datetime64`` without a time zone, and times with UTC.

    Raises:
        ImportError: pandas is not installed.

    Example:
        >>> table = frame([("10378.1/11", date(2024, 1, 31))], ["handle", "created"], "handle", {"created": "date"})
        >>> table.loc["10378.1/11", "created"].month_name()
        'January'
    """
    pandas = _pandas()
    cells = list(zip(*rows, strict=True)) or [()] * len(columns)
    kinds = types or {}
    table: DataFrame = pandas.DataFrame(
        {
            name: _CONVERSIONS[kinds[name]](pandas, values) if name in kinds else pandas.Series(list(values))
            for name, values in zip(columns, cells, strict=True)
        }
    )
    return table if index is None else table.set_index(index)


def full_frame(items: Iterable[object], index: str | None = None, ids: Iterable[object] = ()) -> DataFrame:
    """Return every field of items as a data frame, nested ones as ``outer.inner``, all values as services send them.

    Args:
        items: Models of the interface, or dataclasses.
        index: The index's name; None numbers the rows.
        ids: The index's values.

    Raises:
        ImportError: pandas is not installed.
    """
    pandas = _pandas()
    table: DataFrame = pandas.json_normalize(list(map(_fields, items)))
    return table if index is None else table.set_index(pandas.Index(list(ids), name=index, dtype="object"))


def _fields(item: Any) -> dict[str, Any]:
    if hasattr(item, "to_dict"):
        fields: dict[str, Any] = item.to_dict()
        return fields
    return asdict(item) if is_dataclass(item) and not isinstance(item, type) else {"item": item}


def _pandas() -> ModuleType:
    try:
        import pandas  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise ImportError("to_pandas() needs pandas: install provena-sdk[pandas].") from error
    return pandas


def _dates(pandas: ModuleType, values: Iterable[object]) -> Any:
    import numpy  # noqa: PLC0415  # comes with pandas

    # Unlike nanoseconds, seconds reach every year of the calendar.
    days = [value.isoformat() if isinstance(value, date) else None for value in values]
    return pandas.Series(numpy.array(days, dtype="datetime64[s]"))


def _times(pandas: ModuleType, values: Iterable[object]) -> Any:
    import numpy  # noqa: PLC0415  # comes with pandas

    times = [
        value.astimezone(UTC).replace(tzinfo=None).isoformat() if isinstance(value, datetime) else None
        for value in values
    ]
    return pandas.Series(numpy.array(times, dtype="datetime64[us]")).dt.tz_localize("UTC")


_CONVERSIONS: Final[Mapping[ColumnType, Callable[[ModuleType, Iterable[object]], Any]]] = {
    "date": _dates,
    "time": _times,
}
