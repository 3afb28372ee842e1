"""What the benchmark of opening files reads: the files, and the reading. Runs in the contenders' environment.

``python scripts/bench/open_jobs.py FOLDER SCALE`` writes the files, of which SCALE 1 makes 500 MB each of Parquet and
netCDF, 200 MB of CSV, and a Zarr array of 5,000 chunks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

SEED = 5
COLUMNS = 20
CHOSEN = ["c03", "c08", "c15"]
VARIABLES = 10
STEP = (250, 400)
STEPS_IN_CHUNK = 4
SMALL = "readme.txt"
ZARR_CHUNK = (50, 100)

# What fsspec and its readers are made of is not typed.
FileSystem = Any
Job = Callable[[FileSystem, str], float]


def write_table(folder: Path, scale: float) -> None:
    """A Parquet file as pyarrow writes it: 20 columns, row groups of a million rows."""
    import numpy
    import pyarrow
    import pyarrow.parquet

    numbers = numpy.random.default_rng(SEED)
    rows = int(3_125_000 * scale)
    columns = {f"c{number:02}": numbers.random(rows) for number in range(COLUMNS)}
    pyarrow.parquet.write_table(pyarrow.table(columns), folder / "table.parquet")


def write_netcdf(folder: Path, scale: float) -> None:
    """Two netCDF4 files of ten compressed variables, one after the other, and by time as a model writes them."""
    import h5netcdf
    import numpy

    numbers = numpy.random.default_rng(SEED)
    # As much noise as leaves about three of four bytes when it is compressed.
    chunks = max(int(42 * scale), 1)
    steps = chunks * STEPS_IN_CHUNK
    for name in ("grid.nc", "model.nc"):
        with h5netcdf.File(folder / name, "w") as file:
            file.dimensions = {"time": steps, "lat": STEP[0], "lon": STEP[1]}
            made = [
                file.create_variable(
                    f"v{number}",
                    ("time", "lat", "lon"),
                    "f4",
                    chunks=(STEPS_IN_CHUNK, *STEP),
                    compression="gzip",
                    compression_opts=1,
                    shuffle=True,
                )
                for number in range(VARIABLES)
            ]
            written = [(chunk, variable) for variable in made for chunk in range(chunks)]
            if name == "model.nc":
                written = [(chunk, variable) for chunk in range(chunks) for variable in made]
            for chunk, variable in written:
                data = 280 + numbers.standard_normal((STEPS_IN_CHUNK, *STEP), dtype="f4")
                variable[chunk * STEPS_IN_CHUNK : (chunk + 1) * STEPS_IN_CHUNK] = data


def write_zarr(folder: Path, scale: float) -> None:
    """A Zarr array of 5,000 chunks of 20 kB."""
    import numpy
    import zarr

    rows = max(int(100 * scale), 1)
    shape = (rows * ZARR_CHUNK[0], 50 * ZARR_CHUNK[1])
    array = zarr.create_array(str(folder / "sst.zarr"), shape=shape, chunks=ZARR_CHUNK, dtype="f4")
    array[:] = numpy.random.default_rng(SEED).standard_normal(shape, dtype="f4")


def write_csv(folder: Path, scale: float) -> None:
    """A CSV file of 200 MB."""
    import numpy
    import pandas

    numbers = numpy.random.default_rng(SEED)
    rows = int(2_100_000 * scale)
    table = pandas.DataFrame({f"c{number}": numbers.random(rows).round(9) for number in range(8)})
    table.to_csv(folder / "obs.csv", index=False)


def parquet(fs: FileSystem, root: str) -> float:
    """Read 3 of 20 columns."""
    import pyarrow.compute
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(f"{root}/table.parquet", columns=CHOSEN, filesystem=fs)
    return float(sum(pyarrow.compute.sum(table[name]).as_py() for name in CHOSEN))


def netcdf(fs: FileSystem, root: str, name: str) -> float:
    """Read one of ten variables."""
    import xarray

    with fs.open(f"{root}/{name}", "rb") as file, xarray.open_dataset(file, engine="h5netcdf") as found:
        return float(found["v3"].values.sum(dtype="f8"))


def grid(fs: FileSystem, root: str) -> float:
    """Read one variable that lies in one piece."""
    return netcdf(fs, root, "grid.nc")


def model(fs: FileSystem, root: str) -> float:
    """Read one variable of which each chunk lies among those of the others."""
    return netcdf(fs, root, "model.nc")


def zarr_array(fs: FileSystem, root: str) -> float:
    """Read a whole array, as many chunks at once as Zarr does by itself."""
    import zarr
    from zarr.storage import FsspecStore

    found = zarr.open_array(FsspecStore(fs, read_only=True, path=f"{root}/sst.zarr"), mode="r")
    values: Any = found[:]
    return float(values.sum(dtype="f8"))


def zarr_wide(fs: FileSystem, root: str) -> float:
    """Read a whole array, 64 chunks at once."""
    import zarr

    with zarr.config.set({"async.concurrency": 64}):
        return zarr_array(fs, root)


def csv(fs: FileSystem, root: str) -> float:
    """Read all of it."""
    import pandas

    with fs.open(f"{root}/obs.csv", "rb") as file:
        table = pandas.read_csv(file)
    return float(table.to_numpy().sum())


def warm_up(fs: FileSystem, root: str) -> float:
    """Read a small file."""
    with fs.open(f"{root}/{SMALL}", "rb") as file:
        return float(len(file.read()))


JOBS: dict[str, Job] = {
    "warm-up": warm_up,
    "parquet": parquet,
    "grid": grid,
    "model": model,
    "zarr": zarr_array,
    "zarr-64": zarr_wide,
    "csv": csv,
}
AWAITING = frozenset({"zarr", "zarr-64"})


if __name__ == "__main__":
    Path(sys.argv[1], SMALL).write_text("A small file.\n", encoding="utf-8")
    for write in (write_table, write_netcdf, write_zarr, write_csv):
        write(Path(sys.argv[1]), float(sys.argv[2]))
