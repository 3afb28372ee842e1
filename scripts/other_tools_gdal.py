"""Read a raster of an object store with GDAL, once or twice, for ``scripts/other_tools.py``.

    python scripts/other_tools_gdal.py URL [SECONDS]

With SECONDS, the raster is read again after a pause. It prints the version of GDAL and what the cells sum up to.
"""

from __future__ import annotations

import sys
import time

import rasterio

NOT_CACHED = {"CPL_VSIL_CURL_NON_CACHED": "/vsis3/"}


def main() -> None:
    """Print what the cells sum up to."""
    url, *pause = sys.argv[1:]
    print(f"GDAL {rasterio.__gdal_version__}", end="")
    if pause and tuple(map(int, rasterio.__gdal_version__.split(".")[:2])) < (3, 12):
        print(", which cannot do it", end="")
        return
    path = f"/vsis3/{url.removeprefix('s3://')}"
    print(f": {total(path)}", end="")
    for seconds in pause:
        time.sleep(float(seconds))
        print(f", and again {total(path)}", end="")


def total(path: str) -> float:
    """Return the sum of all cells."""
    # rasterio would look for credentials by itself if boto3 were installed.
    with rasterio.Env(**NOT_CACHED), rasterio.open(path) as raster:
        return float(raster.read(1).sum())


if __name__ == "__main__":
    main()
