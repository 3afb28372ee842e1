"""rasterio and rioxarray take a file object, or the file system as an opener."""

from __future__ import annotations

import fsspec
import numpy as np
import pytest
import rasterio
import rioxarray
from rasterio.io import MemoryFile
from rasterio.transform import from_origin

pytestmark = pytest.mark.interop
DEPTHS = np.arange(512 * 512, dtype="uint32").reshape(512, 512)


@pytest.fixture
def raster(url: str) -> str:
    """The address of a tiled GeoTIFF, written by way of memory, as rasterio has to go back when it writes."""
    profile = {
        "driver": "GTiff",
        "width": 512,
        "height": 512,
        "count": 1,
        "dtype": "uint32",
        "crs": "EPSG:4326",
        "transform": from_origin(142, -10, 0.01, 0.01),
        "tiled": True,
        "blockxsize": 128,
        "blockysize": 128,
    }
    with MemoryFile() as memory:
        with memory.open(**profile) as image:
            image.write(DEPTHS, 1)
        with fsspec.open(f"{url}/depths.tif", "wb") as file:
            file.write(memory.read())
    return f"{url}/depths.tif"


def test_a_file_object(raster: str) -> None:
    with fsspec.open(raster) as file, rasterio.open(file) as image:
        assert (image.read(1) == DEPTHS).all()
        assert image.crs.to_epsg() == 4326


def test_a_window_by_the_file_system(raster: str) -> None:
    path = raster.removeprefix("provena://")
    with rasterio.open(path, opener=fsspec.filesystem("provena")) as image:
        window = image.read(1, window=((300, 310), (200, 220)))
    assert (window == DEPTHS[300:310, 200:220]).all()


def test_rioxarray(raster: str) -> None:
    with fsspec.open(raster) as file, rioxarray.open_rasterio(file) as image:
        assert (image.squeeze().to_numpy() == DEPTHS).all()
