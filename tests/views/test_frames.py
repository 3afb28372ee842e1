"""Data frames: real dates, missing values, years that nanoseconds cannot reach, every field."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from provena_api.models import QueryResult

from provena_sdk.s3.models import FileInfo
from provena_sdk.views.frames import frame, full_frame

pandas = pytest.importorskip("pandas")


def test_dates_and_times_are_real() -> None:
    table = frame(
        [
            ("a", date(2024, 1, 31), datetime(2024, 1, 31, 1, tzinfo=timezone(timedelta(hours=10)))),
            ("b", None, None),
        ],
        ["handle", "day", "time"],
        "handle",
        {"day": "date", "time": "time"},
    )
    assert table["day"].dt.year.iloc[0] == 2024
    assert table.loc["a", "time"] == datetime(2024, 1, 30, 15, tzinfo=UTC)
    assert table.loc["b"].isna().all()
    assert str(table["time"].dtype) == "datetime64[us, UTC]"


@pytest.mark.parametrize("year", [1, 1500, 2024, 9999])
def test_every_year_of_the_calendar(year: int) -> None:
    table = frame([(date(year, 1, 1),)], ["day"], None, {"day": "date"})
    assert table["day"].dt.year.iloc[0] == year


@pytest.mark.parametrize("rows", [[], [("a", None, None)]])
def test_columns_have_their_types_without_values(rows: list[tuple[object, ...]]) -> None:
    table = frame(rows, ["handle", "day", "time"], "handle", {"day": "date", "time": "time"})
    assert [str(kind) for kind in table.dtypes] == ["datetime64[s]", "datetime64[us, UTC]"]
    assert len(table) == len(rows)


def test_every_field() -> None:
    table = full_frame([QueryResult(id="a", score=1.5)], "handle", ["a"])
    assert table.reset_index().to_dict("records") == [{"handle": "a", "id": "a", "score": 1.5}]
    files = full_frame([FileInfo("a", 1, "e", datetime(2024, 1, 1, tzinfo=UTC))])
    assert list(files.columns) == ["path", "size", "etag", "modified"]


def test_a_missing_pandas_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"provena-sdk\[pandas\]"):
        frame([], ["a"])
