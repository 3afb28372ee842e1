"""pyarrow reads and writes by address, with ``fsspec+`` before it, or with the file system."""

from __future__ import annotations

from collections.abc import Callable

import fsspec
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.interop
Stored = Callable[[], dict[str, bytes]]


@pytest.fixture
def table() -> pa.Table:
    """Three years of 1,000 rows."""
    return pa.table({"year": [2022, 2023, 2024] * 1000, "depth": list(range(3000))})


def test_a_dataset_in_partitions(url: str, table: pa.Table, stored: Stored) -> None:
    options = {"format": "parquet", "partitioning_flavor": "hive"}
    ds.write_dataset(table, f"fsspec+{url}/years", partitioning=["year"], **options)
    written = sorted(path for path in stored() if path.startswith("years/"))
    assert written == [f"years/year={year}/part-0.parquet" for year in (2022, 2023, 2024)]
    found = ds.dataset(f"fsspec+{url}/years", partitioning="hive")
    chosen = found.to_table(filter=(ds.field("year") == 2023) & (ds.field("depth") < 100))
    assert sorted(chosen["depth"].to_pylist()) == list(range(1, 100, 3))


def test_a_dataset_with_the_file_system(reef: str, table: pa.Table) -> None:
    fs = fsspec.filesystem("provena")
    ds.write_dataset(table, f"{reef}/plain", filesystem=fs, format="parquet")
    found = ds.dataset(f"{reef}/plain", filesystem=fs)
    assert found.files == [f"{reef}/plain/part-0.parquet"]
    assert found.count_rows() == 3000


def test_a_dataset_is_replaced(url: str, table: pa.Table, stored: Stored) -> None:
    for rows in (table, table.slice(0, 10)):
        ds.write_dataset(
            rows, f"fsspec+{url}/again", format="parquet", existing_data_behavior="delete_matching"
        )
    assert [path for path in stored() if path.startswith("again/")] == ["again/part-0.parquet"]
    assert ds.dataset(f"fsspec+{url}/again").count_rows() == 10


def test_one_file(reef: str, url: str, table: pa.Table) -> None:
    pq.write_table(table, f"{reef}/one.parquet", filesystem=fsspec.filesystem("provena"))
    assert pq.read_table(f"fsspec+{url}/one.parquet").equals(table)
    assert pq.read_metadata(f"{reef}/one.parquet", filesystem=fsspec.filesystem("provena")).num_rows == 3000


def test_csv(url: str) -> None:
    found = ds.dataset(f"fsspec+{url}/obs", format="csv").to_table()
    assert found["temperature"].to_pylist() == [25.5, 26.0, 27.5]


def test_a_missing_folder_is_missing(url: str) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        ds.dataset(f"fsspec+{url}/nowhere")
