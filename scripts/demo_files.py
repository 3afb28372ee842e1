"""Write the files of the sandbox's demo that need a library to write.

    python scripts/demo_files.py        # needs the extra interop

They are part of the package, so that the sandbox needs none of these libraries.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xarray as xr

FOLDER = Path(__file__).resolve().parents[1] / "provena_sdk" / "sandbox" / "demo_files"
SITES = {
    "site": ["Lizard Island", "Heron Island", "Lady Elliot Island"],
    "latitude": [-14.67, -23.44, -24.11],
    "longitude": [145.45, 151.91, 152.72],
    "depth": [6.0, 8.5, 7.0],
}


def sea_surface() -> xr.Dataset:
    """Return monthly maps of the sea surface temperature of one year."""
    time = np.arange("2024-01", "2025-01", dtype="datetime64[M]").astype("datetime64[ns]")
    latitude, longitude = np.arange(-24.0, -9.0, 2.0), np.arange(142.0, 155.0, 2.0)
    season = 2.6 * np.cos(2 * np.pi * (np.arange(12) - 1.3) / 12)
    warm = 27.5 + 0.25 * (latitude + 17)
    values = season[:, None, None] + warm[None, :, None] + 0.1 * np.sin(longitude)[None, None, :]
    return xr.Dataset(
        {
            "sst": (
                ("time", "latitude", "longitude"),
                values.astype("float32").round(2),
                {"units": "degree_Celsius", "long_name": "sea surface temperature"},
            )
        },
        coords={
            "time": time,
            "latitude": ("latitude", latitude, {"units": "degrees_north"}),
            "longitude": ("longitude", longitude, {"units": "degrees_east"}),
        },
        attrs={"title": "Sea surface temperature of the Great Barrier Reef, made up for demonstrations"},
    )


def main() -> int:
    """Write all files anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "grid").mkdir(parents=True)
    pq.write_table(pa.table(SITES), FOLDER / "sites.parquet")
    data = sea_surface()
    data.to_netcdf(FOLDER / "grid" / "sst.nc", engine="h5netcdf")
    data.to_zarr(FOLDER / "grid" / "sst.zarr", zarr_format=3, consolidated=False)
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file():
            print(f"{path.stat().st_size:>8,}  {path.relative_to(FOLDER)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
