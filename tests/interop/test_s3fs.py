"""Zarr and pyarrow work with s3fs itself, as ``ds.s3fs()`` gives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from provena_sdk import InteractiveDataset, Provena

zarr = pytest.importorskip("zarr")

pytestmark = pytest.mark.interop
Stored = Callable[[], dict[str, bytes]]


@pytest.fixture
def dataset(reef: str) -> Iterator[InteractiveDataset]:
    """The dataset."""
    with Provena() as provena:
        yield provena.datastore.interactive_dataset(reef)


@pytest.fixture
def root(dataset: InteractiveDataset) -> str:
    """Its folder, as s3fs names it."""
    place = dataset.fetch_dataset().item.s3
    return f"{place.bucket_name}/{place.path}".rstrip("/")


def test_zarr(dataset: InteractiveDataset, root: str, stored: Stored) -> None:
    writing = zarr.storage.FsspecStore(
        dataset.s3fs(access="write", asynchronous=True), path=f"{root}/counts.zarr"
    )
    array = zarr.create_array(writing, shape=(40, 40), chunks=(10, 10), dtype="i4")
    array[:] = np.arange(1600).reshape(40, 40)
    assert len([path for path in stored() if path.startswith("counts.zarr/c/")]) == 16
    reading = zarr.storage.FsspecStore(
        dataset.s3fs(asynchronous=True), path=f"{root}/counts.zarr", read_only=True
    )
    assert zarr.open_array(reading, mode="r")[25, 10:20].tolist() == list(range(1010, 1020))


def test_pyarrow(dataset: InteractiveDataset, root: str, stored: Stored) -> None:
    table = pa.table({"year": [2022, 2023, 2024] * 100, "depth": list(range(300))})
    fs = dataset.s3fs(access="write")
    ds.write_dataset(table, f"{root}/years", filesystem=fs, format="parquet", partitioning=["year"])
    assert len([path for path in stored() if path.startswith("years/")]) == 3
    found = ds.dataset(f"{root}/years", filesystem=dataset.s3fs(), format="parquet")
    assert found.count_rows() == 300
