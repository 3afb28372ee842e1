"""xarray and Zarr read and write by address."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import fsspec
import numpy as np
import pytest
import xarray as xr
import zarr
from zarr.storage import ZipStore

pytestmark = pytest.mark.interop
Stored = Callable[[], dict[str, bytes]]


@pytest.fixture
def sst() -> xr.Dataset:
    """Temperatures of the sea, day by day, on a small grid."""
    values = np.random.default_rng(1).normal(25, 2, (30, 12, 16))
    return xr.Dataset(
        {"sst": (("time", "y", "x"), values, {"units": "degC"})},
        coords={"time": np.arange(30), "y": np.linspace(-12, -23, 12), "x": np.linspace(142, 153, 16)},
    )


def test_netcdf(url: str, sst: xr.Dataset, stored: Stored) -> None:
    with fsspec.open(f"{url}/whole.nc", "wb") as file:
        file.write(sst.to_netcdf(engine="h5netcdf"))
    with fsspec.open(f"simplecache::{url}/copied.nc", "wb") as file:
        sst.to_netcdf(file, engine="h5netcdf")
    assert stored()["whole.nc"].startswith(b"\x89HDF")
    for name in ("whole.nc", "copied.nc"):
        with fsspec.open(f"{url}/{name}") as file, xr.open_dataset(file, engine="h5netcdf") as found:
            assert found.sst.attrs == {"units": "degC"}
            xr.testing.assert_identical(found.load(), sst)
        with xr.open_dataset(f"{url}/{name}", engine="h5netcdf") as found:
            xr.testing.assert_identical(found.sst.isel(time=3).load(), sst.sst.isel(time=3))


def test_netcdf_is_not_written_without_going_back(url: str, sst: xr.Dataset, stored: Stored) -> None:
    before = stored()
    with pytest.raises(OSError, match="Seek only available"), fsspec.open(f"{url}/a.nc", "wb") as file:
        sst.to_netcdf(file, engine="h5netcdf")
    assert stored() == before


def test_several_netcdf_files_as_one(url: str, sst: xr.Dataset) -> None:
    for begin in (0, 10, 20):
        with fsspec.open(f"{url}/daily/{begin:02}.nc", "wb") as file:
            file.write(sst.isel(time=slice(begin, begin + 10)).to_netcdf(engine="h5netcdf"))
    files = [file.open() for file in fsspec.open_files(f"{url}/daily/*.nc")]
    with xr.open_mfdataset(files, engine="h5netcdf") as found:
        xr.testing.assert_identical(found.load(), sst)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_zarr(url: str, sst: xr.Dataset, stored: Stored, zarr_format: int) -> None:
    options = {"zarr_format": zarr_format, "consolidated": zarr_format == 2}
    sst.chunk({"time": 10}).to_zarr(f"{url}/sst.zarr", **options)
    assert len([path for path in stored() if path.startswith("sst.zarr/sst/")]) >= 3
    with xr.open_zarr(f"{url}/sst.zarr", consolidated=options["consolidated"]) as found:
        xr.testing.assert_identical(found.load(), sst)
    later = sst.assign_coords(time=sst.time + 30)
    later.to_zarr(f"{url}/sst.zarr", append_dim="time", consolidated=options["consolidated"])
    with xr.open_zarr(f"{url}/sst.zarr", consolidated=options["consolidated"]) as found:
        xr.testing.assert_identical(found.sst.load(), xr.concat([sst.sst, later.sst], "time"))


def test_zarr_replaced_and_changed_in_part(url: str, sst: xr.Dataset) -> None:
    for _ in range(2):
        sst.to_zarr(f"{url}/sst.zarr", mode="w", consolidated=False)
    region = xr.zeros_like(sst.isel(time=slice(0, 5))).drop_vars(["y", "x"])
    region.to_zarr(f"{url}/sst.zarr", region={"time": slice(0, 5)}, consolidated=False)
    with xr.open_zarr(f"{url}/sst.zarr", consolidated=False) as found:
        assert float(found.sst.isel(time=slice(0, 5)).sum()) == 0
        xr.testing.assert_equal(found.sst.isel(time=slice(5, 30)).load(), sst.sst.isel(time=slice(5, 30)))


def test_zarr_by_itself(url: str) -> None:
    group = zarr.open_group(store=f"{url}/group.zarr", mode="w")
    array = group.create_array("counts", shape=(40, 40), chunks=(10, 10), dtype="i4")
    array[:] = np.arange(1600).reshape(40, 40)
    found = zarr.open_array(store=f"{url}/group.zarr/counts", mode="r", storage_options={"access": "read"})
    assert found[25, 10:20].tolist() == list(range(1010, 1020))
    with pytest.raises(PermissionError, match="access='read'"):
        zarr.open_group(store=f"{url}/other.zarr", mode="w", storage_options={"access": "read"})


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")  # Zarr writes its attributes twice
def test_zarr_in_a_zip_file(url: str, sst: xr.Dataset, tmp_path: Path) -> None:
    local = tmp_path / "sst.zarr.zip"
    with ZipStore(local, mode="w") as store:
        sst.to_zarr(store, zarr_format=2, consolidated=True)
    fsspec.filesystem("provena").put(str(local), f"{url}/sst.zarr.zip")
    with xr.open_zarr(f"zip::{url}/sst.zarr.zip", consolidated=True) as found:
        xr.testing.assert_identical(found.load(), sst)
    copy = fsspec.open_local(
        f"simplecache::{url}/sst.zarr.zip", simplecache={"cache_storage": str(tmp_path / "c")}
    )
    with ZipStore(copy, mode="r") as store, xr.open_zarr(store, consolidated=True) as found:
        xr.testing.assert_identical(found.load(), sst)
