"""What is in a file of a dataset, by both faces."""

from __future__ import annotations

from typing import Any

import pytest

from provena_sdk import TablePreview, errors


async def test_a_table(sign_in: Any, sandbox: Any) -> None:
    handle = sandbox.add_dataset("Kelp", files={"obs/2024.csv": b"day,depth\n2024-01-01,3\n"})
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        found = await kelp.preview("obs/2024.csv")
        assert type(found) is TablePreview
        assert found.to_dict() == {
            "path": "obs/2024.csv",
            "format": "CSV",
            "size": 23,
            "row_count": 1,
            "columns": [{"name": "day", "type": "date"}, {"name": "depth", "type": "integer"}],
            "more_columns": 0,
            "rows": [["2024-01-01", 3]],
        }
        with pytest.raises(errors.DatasetFileNotFound, match=r"obs/2023\.csv") as caught:
            await kelp.preview("obs/2023.csv")
        assert "obs/2024.csv" in str(caught.value.hint)
        with pytest.raises(errors.NotAFile, match="is a folder, and not a Zarr store"):
            await kelp.preview("obs")
        with pytest.raises(errors.NotAFile):
            await kelp.preview("")


async def test_little_is_fetched_of_a_large_file(sign_in: Any, sandbox: Any) -> None:
    rows = b"".join(b"%d,some text\n" % number for number in range(400_000))
    handle = sandbox.add_dataset("Kelp", files={"long.csv": b"number,text\n" + rows})
    async with sign_in() as provena:
        found = await provena.datastore.interactive_dataset(handle).preview("long.csv", rows=2)
    fetched = [request.range for request in sandbox.s3_requests if request.key.endswith("long.csv")]
    assert fetched == ["bytes=0-2097151"]
    assert found.rows == (("0", "some text"), ("1", "some text"))
    assert found.row_count is None


@pytest.mark.parametrize("rows", [-1, 1001, True, "3"])
async def test_rows_out_of_range(sign_in: Any, sandbox: Any, rows: Any) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset("10378.1/1")
        with pytest.raises(errors.InvalidArgument, match="rows must be"):
            await kelp.preview("a.csv", rows=rows)
        assert sandbox.requests == []
