"""Dask reads and writes by address, from several processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import dask.array as da
import dask.bag as db
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from distributed import Client, LocalCluster

pytestmark = pytest.mark.interop
Stored = Callable[[], dict[str, bytes]]


@pytest.fixture
def cluster(url: str) -> Iterator[Client]:
    """Two processes, which find their own way to sign in: by the environment."""
    with (
        LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=":0") as cluster,  # type: ignore[no-untyped-call]  # Dask's
        Client(cluster) as client,  # type: ignore[no-untyped-call]  # Dask's
    ):
        yield client


def test_from_several_processes(cluster: Client, url: str, stored: Stored) -> None:
    assert len(set(cluster.run(os.getpid).values())) == 2
    frame = pd.DataFrame({"site": np.arange(10_000) % 7, "depth": np.arange(10_000.0)})
    dd.from_pandas(frame, npartitions=12).to_parquet(f"{url}/depths")  # type: ignore[no-untyped-call]  # Dask's
    assert len([path for path in stored() if path.startswith("depths/")]) == 12
    for address in (f"{url}/depths", f"{url}/depths/*.parquet"):
        found = dd.read_parquet(address, columns=["site", "depth"]).groupby("site").depth.sum().compute()
        expected = frame.groupby("site").depth.sum()
        pd.testing.assert_series_equal(found.sort_index(), expected, check_index_type=False)

    assert dd.read_csv(f"{url}/obs/*.csv").temperature.sum().compute() == 79.0
    dd.from_pandas(frame, npartitions=3).to_csv(f"{url}/csv/part-*.csv", index=False)  # type: ignore[no-untyped-call]  # Dask's
    assert db.read_text(f"{url}/csv/*.csv").count().compute() == 10_003  # type: ignore[no-untyped-call]  # Dask's

    cells = xr.Dataset({"cells": (("y", "x"), da.ones((40, 40), chunks=(10, 40)))})
    cells.to_zarr(f"{url}/cells.zarr", consolidated=False)
    with xr.open_zarr(f"{url}/cells.zarr", consolidated=False) as opened:
        assert float(opened.cells.sum().compute()) == 1600.0
