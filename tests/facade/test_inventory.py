"""The inventory of a deployment's datasets."""

from __future__ import annotations

import os
import tracemalloc
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet
import pytest

from provena_sdk import errors
from provena_sdk.operations import catalogue
from provena_sdk.workflows.inventory import COLUMNS
from tests.export.records import item

COUNTS = (
    *("total_item_count", "complete_item_count", "seed_item_count", "unparsable_item_count"),
    "not_authorised_count",
)


async def rows_of(provena: Any, **options: Any) -> list[Any]:
    inventory = provena.datastore.inventory(sort_by="DISPLAY_NAME", ascending=True, **options)
    return [row async for row in inventory]


async def test_a_row_for_each_dataset(sign_in: Any, sandbox: Any) -> None:
    alpha = sandbox.add_dataset(
        "Alpha",
        keywords=["coral", "kelp"],
        spatial_info={"coverage": "SRID=4326;POINT(146 -19)", "extent": None, "resolution": None},
        temporal_info={
            "duration": {"begin_date": "2020-01-01", "end_date": "2020-12-31"},
            "resolution": None,
        },
    )
    sandbox.add_dataset(
        "Beta", owner="unlinked", access_info={"reposited": False, "uri": "https://example.com/b"}
    )
    sandbox.add_dataset("Hidden", private=True)
    async with sign_in("reader") as provena:
        first, second = await rows_of(provena)
    assert (first.handle, first.name, first.owner, first.owner_name) == (
        alpha,
        "Alpha",
        "writer",
        "Wren Castellanos",
    )
    assert (first.organisation, first.publisher) == ("Coral Sea Institute", "Coral Sea Institute")
    assert (first.status, first.version, first.is_latest) == ("NOT_RELEASED", 1, True)
    assert (first.keywords, first.coverage) == (("coral", "kelp"), "SRID=4326;POINT(146 -19)")
    assert (first.west, first.south, first.east, first.north) == (146, -19, 146, -19)
    assert (first.begin, first.end) == (date(2020, 1, 1), date(2020, 12, 31))
    assert first.registered is not None
    assert first.registered.tzinfo is UTC
    assert (first.files, first.bytes, first.formats, first.failure) == (None, None, (), None)
    assert (second.name, second.owner_name, second.external) == ("Beta", None, "https://example.com/b")


async def test_files_are_counted(sign_in: Any, sandbox: Any) -> None:
    sandbox.add_dataset("Alpha", files={"a.csv": b"12345", "b/c.CSV": b"12", "d.nc": b"1", "README": b""})
    async with sign_in("reader") as provena:
        (row,) = await rows_of(provena, files=True)
        listed = await provena.datastore.io.list_all_files(row.handle)
    assert (row.files, row.bytes) == (len(listed), sum(file.size for file in listed))
    assert row.formats == (".csv", ".json", ".nc")


async def test_a_dataset_whose_files_cannot_be_listed_does_not_stop_the_others(
    sign_in: Any, sandbox: Any
) -> None:
    sandbox.add_dataset("Alpha", files={"a.csv": b"12345"})
    shut = sandbox.add_dataset("Beta")
    sandbox.state.items[shut].general_roles = ("metadata-read",)
    async with sign_in("reader") as provena:
        first, second = await rows_of(provena, files=True)
    assert (first.files, first.failure) == (2, None)
    assert (second.files, second.bytes) == (None, None)
    assert second.failure.startswith("DatasetAccessDenied: You have no permission for this on dataset")


async def test_names_are_looked_up_once(sign_in: Any, sandbox: Any) -> None:
    sandbox.populate(450)
    async with sign_in() as provena:
        before = len(sandbox.requests)
        rows = await rows_of(provena)
        sent = [request.path for request in sandbox.requests[before:]]
    assert len(rows) == 450
    assert sum("list" in path for path in sent) == 3
    # Two organisations at most, and one owner, who is looked up and fetched.
    assert len(sent) <= 3 + 2 + 2


async def test_at_most(sign_in: Any, sandbox: Any) -> None:
    sandbox.populate(5)
    async with sign_in() as provena:
        assert len(await rows_of(provena, total_limit=3)) == 3
        assert len(await rows_of(provena, total_limit=3, files=True)) == 3


async def test_a_data_frame(sign_in: Any, sandbox: Any) -> None:
    handle = sandbox.add_dataset("Alpha", keywords=["coral"])
    async with sign_in() as provena:
        frame = await provena.datastore.inventory(files=True).to_pandas()
    assert list(frame.index) == [handle]
    assert frame.index.name == "handle"
    assert [frame.index.name, *frame.columns] == list(COLUMNS)
    assert str(frame["registered"].dtype).startswith("datetime64")
    assert frame["bytes"].sum() > 0


async def test_a_parquet_file(sign_in: Any, sandbox: Any, tmp_path: Path) -> None:
    sandbox.populate(70)
    async with sign_in() as provena:
        written = await provena.datastore.inventory(files=True).to_parquet(tmp_path / "all.parquet")
    assert written == tmp_path / "all.parquet"
    assert os.listdir(tmp_path) == ["all.parquet"]
    table = pyarrow.parquet.read_table(written)
    assert pyarrow.parquet.ParquetFile(written).num_row_groups == 3
    assert table.num_rows == 70
    assert table.column_names == list(COLUMNS)
    row = table.slice(0, 1).to_pylist()[0]
    assert isinstance(row["keywords"], list)
    assert row["registered"].tzinfo is not None
    assert row["files"] >= 1


async def test_a_workbook(sign_in: Any, sandbox: Any, tmp_path: Path) -> None:
    sandbox.add_dataset('=HYPERLINK("https://example.com")', keywords=["a", "b\x07"])
    async with sign_in() as provena:
        written = await provena.datastore.inventory().to_excel(tmp_path / "all.xlsx")
    sheet: Any = openpyxl.load_workbook(written).active
    head, row = sheet.rows
    assert [cell.value for cell in head] == list(COLUMNS)
    cells = dict(zip(COLUMNS, row, strict=True))
    assert (cells["name"].value, cells["name"].data_type) == ('=HYPERLINK("https://example.com")', "s")
    assert cells["keywords"].value == "a, b\\x07"
    assert isinstance(cells["registered"].value, datetime)


async def test_it_shows_itself(sign_in: Any, sandbox: Any) -> None:
    sandbox.add_dataset("Alpha", files={"a.csv": b"12345"})
    async with sign_in() as provena:
        inventory = provena.datastore.inventory(files=True)
        assert (
            repr(inventory).removeprefix("<Async").removeprefix("<")
            == "Inventory of datasets: 0 read, more to come>"
        )
        shown = str(await inventory.all())
    assert shown.splitlines()[0].split() == [
        *("handle", "name", "owner_name", "organisation", "status", "files", "bytes", "failure")
    ]
    assert "Wren Castellanos" in shown


@pytest.mark.slow
async def test_any_number_of_datasets_takes_little_memory(recorder: Any) -> None:
    rows, pages = 200, 30

    def answer(call: Any) -> Any:
        if call.operation is not catalogue.datastore.LIST_DATASETS:
            return errors.ItemNotFound("no", operation="x", status=200)
        key = call.request["json"].get("pagination_key")
        number = int(key["id"]) if key else 1
        return {
            **dict.fromkeys(COUNTS, 0),
            "status": {"success": True, "details": ""},
            "seed_items": [],
            "unparsable_items": [],
            "items": [{**item().to_dict(), "id": f"10378.1/{number}{row}"} for row in range(rows)],
            "pagination_key": {"id": str(number + 1), "item_subtype": "DATASET"} if number < pages else None,
        }

    datastore, _ = recorder(answer)
    count, used = 0, [0] * (pages + 1)
    tracemalloc.start()
    try:
        async for _ in datastore.inventory():
            count += 1
            used[count // rows] = max(used[count // rows], tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert count == rows * pages
    # All rows together would take megabytes.
    assert max(used) < max(used[:3]) + 200_000


@pytest.mark.parametrize("method", ["to_parquet", "to_excel"])
async def test_a_file_that_failed_is_not_there(
    sign_in: Any, sandbox: Any, tmp_path: Path, method: str
) -> None:
    sandbox.add_dataset("Alpha")
    path = tmp_path / "all"
    path.write_text("old")
    async with sign_in("writer") as provena:
        inventory = provena.datastore.inventory()
        await provena.close()
        with pytest.raises(errors.ClosedError):
            await getattr(inventory, method)(path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["all"]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [({"files": 1}, "files"), ({"total_limit": -1}, "total_limit"), ({"sort_by": "X"}, "sort_by")],
)
async def test_bad_arguments_send_nothing(
    sign_in: Any, sandbox: Any, arguments: dict[str, Any], name: str
) -> None:
    async with sign_in() as provena:
        before = len(sandbox.requests)
        with pytest.raises(errors.InvalidArgument, match=name):
            provena.datastore.inventory(**arguments)
        assert len(sandbox.requests) == before
