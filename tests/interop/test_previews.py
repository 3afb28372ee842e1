"""Previews of what xarray and h5py write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.local import LocalFileSystem

from provena_sdk.preview import ArrayPreview, read_preview

pytestmark = pytest.mark.interop


@pytest.fixture
def sst() -> Any:
    import numpy as np
    import xarray as xr

    return xr.Dataset(
        {"sst": (("time", "lat"), np.zeros((4, 3), "f4"), {"units": "degC", "long_name": "Sea surface"})},
        coords={"lat": [1.0, 2.0, 3.0]},
        attrs={"title": "Reef"},
    )


def preview(folder: Path, name: str) -> ArrayPreview:
    found = read_preview(DirFileSystem(path=str(folder), fs=LocalFileSystem()), name, 10)
    assert isinstance(found, ArrayPreview)
    return found


@pytest.mark.parametrize("kind", ["netCDF-4", "Zarr 2", "Zarr 3", "Zarr 3, not consolidated"])
def test_xarray(sst: Any, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "sst"
    if kind == "netCDF-4":
        sst.to_netcdf(path, engine="h5netcdf")
    else:
        consolidated = "not" not in kind
        sst.to_zarr(path, zarr_format=int(kind[5]), consolidated=consolidated)
    found = preview(tmp_path, "sst")
    variables = {one.name: one for one in found.variables}
    assert sorted(variables) == ["lat", "sst"]
    assert variables["sst"].extent == "time 4, lat 3"
    assert (variables["sst"].type, variables["sst"].attributes["units"]) == ("float32", "degC")
    assert found.attributes == {"title": "Reef"}


def test_hdf5_without_dimensions(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("group/numbers", data=[1, 2, 3])
        file.create_dataset("name", data="reef")
    found = preview(tmp_path, "a.h5")
    assert found.format == "HDF5"
    assert [(one.name, one.type, one.extent) for one in found.variables] == [
        ("name", "text", ""),
        ("group/numbers", "int64", "3"),
    ]
