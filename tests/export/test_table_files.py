"""Rows in Parquet files and Excel workbooks, apart from what fills them."""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet
import pytest

from provena_sdk.export import table_files
from provena_sdk.export.table_files import excel_file, parquet_file

COLUMNS = {
    "name": "text",
    "words": "texts",
    "count": "count",
    "share": "number",
    "day": "date",
    "time": "time",
    "well": "truth",
}
EAST = timezone(timedelta(hours=10))
ROW = ("a", ("b", "c"), 2**40, 0.5, date(2024, 5, 1), datetime(2024, 5, 1, 10, tzinfo=EAST), True)
NOTHING = (None, (), None, None, None, None, None)


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with parquet_file(path, COLUMNS) as write:
        write([ROW, NOTHING])
        assert not path.exists()
    first, second = pyarrow.parquet.read_table(path).to_pylist()
    assert first == dict(zip(COLUMNS, [*ROW[:1], ["b", "c"], *ROW[2:]], strict=True))
    assert second == dict(zip(COLUMNS, [None, [], *[None] * 5], strict=True))


def test_excel(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with excel_file(path, COLUMNS) as write:
        write([ROW, NOTHING])
        assert not path.exists()
    sheet: Any = openpyxl.load_workbook(path).active
    rows = [[cell.value for cell in row] for row in sheet.rows]
    assert rows[0] == list(COLUMNS)
    # Workbooks know no time zones, and no days without a time.
    assert rows[1] == ["a", "b, c", 2**40, 0.5, datetime(2024, 5, 1), datetime(2024, 5, 1), True]
    assert rows[2] == [None] * 7 or rows[2] == [None, "", *[None] * 5]


@pytest.mark.parametrize("opened", [parquet_file, excel_file])
def test_no_rows(tmp_path: Path, opened: Any) -> None:
    with opened(tmp_path / "a", {"name": "text"}):
        pass
    assert (tmp_path / "a").stat().st_size > 0


def test_rows_that_do_not_fit_on_a_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_files, "_EXCEL_ROWS", 3)
    with excel_file(tmp_path / "a.xlsx", {"count": "count"}) as write:
        for number in range(5):
            write([(number,)])
    sheets = [
        [row[0].value for row in sheet.rows]
        for sheet in openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets
    ]
    assert sheets == [["count", 0, 1], ["count", 2, 3], ["count", 4]]


@pytest.mark.parametrize("opened", [parquet_file, excel_file])
def test_an_error_leaves_the_former_file(tmp_path: Path, opened: Any) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(TypeError), opened(tmp_path / "a", {"name": "text"}) as write:
        write([("x",), None])
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize("opened", [parquet_file, excel_file])
def test_two_writers_of_one_file_do_not_meet(tmp_path: Path, opened: Any) -> None:
    (tmp_path / "other").touch()
    with (
        opened(tmp_path / "a", {"name": "text"}) as first,
        opened(tmp_path / "a", {"name": "text"}) as second,
    ):
        first([("x",)])
        second([("y",)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "other"]
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize(
    ("opened", "module", "words"),
    [
        (parquet_file, "pyarrow", r"to_parquet\(\) needs pyarrow: install provena-sdk\[parquet\]\."),
        (excel_file, "openpyxl", r"to_excel\(\) needs openpyxl: install provena-sdk\[excel\]\."),
    ],
)
def test_a_missing_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: Any, module: str, words: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=words), opened(tmp_path / "a", {"name": "text"}):
        pass
    assert list(tmp_path.iterdir()) == []
