"""polars opens no address of fsspec's by itself; it takes file objects and pyarrow's datasets."""

from __future__ import annotations

from collections.abc import Callable

import fsspec
import polars as pl
import pyarrow.dataset as ds
import pytest

pytestmark = pytest.mark.interop
Stored = Callable[[], dict[str, bytes]]


@pytest.fixture
def frame() -> pl.DataFrame:
    """A table with 1,000 rows."""
    return pl.DataFrame({"site": [f"S{number % 7}" for number in range(1000)], "depth": range(1000)})


def test_read(url: str) -> None:
    with fsspec.open(f"{url}/obs/2023.csv") as file:
        assert pl.read_csv(file)["temperature"].to_list() == [25.5, 26.0]


def test_write_and_read(url: str, frame: pl.DataFrame, stored: Stored) -> None:
    with fsspec.open(f"{url}/frame.parquet", "wb") as file:
        frame.write_parquet(file)
    with fsspec.open(f"{url}/lazy.parquet", "wb") as file:
        frame.lazy().filter(pl.col("depth") < 10).sink_parquet(file)
    with fsspec.open(f"{url}/frame.csv", "wb") as file:
        frame.write_csv(file)
    assert stored()["frame.csv"].startswith(b"site,depth\nS0,0\n")
    with fsspec.open(f"{url}/frame.parquet") as file:
        assert pl.read_parquet(file, columns=["depth"]).equals(frame.select("depth"))
    with fsspec.open(f"{url}/lazy.parquet") as file:
        assert pl.read_parquet(file).height == 10


def test_lazily_through_pyarrow(url: str, frame: pl.DataFrame) -> None:
    ds.write_dataset(frame.to_arrow(), f"fsspec+{url}/frame", format="parquet")
    scanned = pl.scan_pyarrow_dataset(ds.dataset(f"fsspec+{url}/frame"))
    assert scanned.filter(pl.col("site") == "S3").select("depth").collect()["depth"].to_list() == [
        number for number in range(1000) if number % 7 == 3
    ]
