"""Area and days are read from netCDF and GeoTIFF files with the libraries that scientists use."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy
import pytest
import rasterio
import xarray
from rasterio.transform import from_bounds

from provena_sdk.metadata.extents import FilesExtent, read

pytestmark = pytest.mark.interop


def test_netcdf(tmp_path: Path) -> None:
    coordinates = {
        "x": ("x", numpy.array([150.0, 210.0]), {"units": "degrees_east"}),
        "y": ("y", numpy.array([-10.0, numpy.nan]), {"standard_name": "latitude"}),
        "time": ("time", numpy.array(["2024-01-01T06", "2024-03-04"], "datetime64[ns]")),
    }
    xarray.Dataset(coords=coordinates).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    found = read("paths", [tmp_path / "a.nc"])
    assert found == FilesExtent((150, -10, -150, -10), date(2024, 1, 1), date(2024, 3, 4), 1)


def test_netcdf_that_only_states_what_it_covers(tmp_path: Path) -> None:
    stated = {
        **{
            "geospatial_lon_min": 1,
            "geospatial_lon_max": 3,
            "geospatial_lat_min": 2,
            "geospatial_lat_max": 4,
        },
        **{"time_coverage_start": "2024-01-01T06:00:00Z", "time_coverage_end": "2024-03-04"},
    }
    xarray.Dataset(attrs=stated).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    found = read("paths", [tmp_path / "a.nc"])
    assert found == FilesExtent((1, 2, 3, 4), date(2024, 1, 1), date(2024, 3, 4), 1)


def test_geotiff(tmp_path: Path) -> None:
    for name, crs, bounds in (
        ("a", "EPSG:4326", (145, -17, 146, -16)),
        ("b", "EPSG:32755", (3e5, 8.1e6, 4e5, 8.2e6)),
    ):
        profile = {"driver": "GTiff", "width": 2, "height": 2, "count": 1, "dtype": "uint8", "crs": crs}
        with rasterio.open(
            tmp_path / f"{name}.tif", "w", transform=from_bounds(*bounds, 2, 2), **profile
        ) as image:
            image.write(numpy.zeros((1, 2, 2), "uint8"))
    assert read("paths", [tmp_path / "a.tif"]).bounds == (145, -17, 146, -16)
    west, south, east, north = read("paths", [tmp_path / "b.tif"]).bounds or (0, 0, 0, 0)
    assert (round(west), round(south), round(east), round(north)) == (145, -17, 146, -16)
