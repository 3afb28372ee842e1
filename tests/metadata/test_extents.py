"""Area and days are read from the files themselves."""

from __future__ import annotations

import json
import math
import sqlite3
import sys
from contextlib import closing, nullcontext
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from provena_sdk import DatasetMetadata
from provena_sdk.errors import InvalidArgument
from provena_sdk.metadata import extents
from provena_sdk.metadata.extents import FilesExtent, read


def metadata() -> DatasetMetadata:
    return DatasetMetadata.new(
        name="Reef", description="Corals.", organisation="CSIRO", license="CC0-1.0", nothing_sensitive=True
    )


def parquet(path: Path, columns: dict[str, Any], geo: dict[str, Any] | None = None) -> None:
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table(columns)
    if geo is not None:
        table = table.replace_schema_metadata({"geo": json.dumps(geo)})
    pyarrow.parquet.write_table(table, path)


def geopackage(path: Path, srid: int, bounds: tuple[float, ...], days: list[str]) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "CREATE TABLE gpkg_contents (table_name TEXT, data_type TEXT, srs_id INTEGER, "
            "min_x REAL, min_y REAL, max_x REAL, max_y REAL)"
        )
        database.execute(
            "INSERT INTO gpkg_contents VALUES ('reef \"1\"', 'features', ?, ?, ?, ?, ?)", (srid, *bounds)
        )
        database.execute('CREATE TABLE "reef ""1""" (fid INTEGER, seen DATE)')
        database.executemany('INSERT INTO "reef ""1""" VALUES (1, ?)', [(day,) for day in days])


def test_parquet_with_coordinates(tmp_path: Path) -> None:
    columns = {
        "Longitude": [145.5, 146.0, None],
        "Latitude": [-16.0, -17.5, None],
        "time": [datetime(2024, 1, 1, 12), datetime(2024, 2, 3), None],
    }
    parquet(tmp_path / "a.parquet", columns)
    found = read("paths", [tmp_path / "a.parquet"])
    assert found == FilesExtent((145.5, -17.5, 146.0, -16.0), date(2024, 1, 1), date(2024, 2, 3), 1)
    assert str(found) == "145.5, -17.5 to 146, -16; 2024-01-01 to 2024-02-03; from 1 file"


def test_parquet_with_nothing_but_missing_numbers(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", {"lon": [math.nan], "lat": [math.nan]})
    assert read("paths", [tmp_path / "a.parquet"]) == FilesExtent(None, None, None, 1)


def test_geoparquet(tmp_path: Path) -> None:
    geo = {
        "columns": {
            "geometry": {"bbox": [1, 2, 0, 3, 4, 9]},
            "other": {"bbox": [0, 0, 9, 9], "crs": {"type": "ProjectedCRS"}},
        }
    }
    parquet(tmp_path / "a.parquet", {"geometry": [b""]}, geo)
    assert read("paths", [str(tmp_path / "*.parquet")]).bounds == (1, 2, 3, 4)


def test_geopackage(tmp_path: Path) -> None:
    geopackage(tmp_path / "a.gpkg", 4326, (145, -17, 146, -16), ["2024-05-06", "2023-01-01"])
    found = read("paths", [tmp_path / "a.gpkg"])
    assert found == FilesExtent((145, -17, 146, -16), date(2023, 1, 1), date(2024, 5, 6), 1)


@pytest.mark.parametrize("is_contents", [True, False])
def test_a_geopackage_that_counts_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_contents: bool
) -> None:
    monkeypatch.setattr(extents, "_MOST_STEPS", 1_000_000)
    path = tmp_path / "a.gpkg"
    endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)"
    if not is_contents:
        geopackage(path, 4326, (145, -17, 146, -16), [])
    with closing(sqlite3.connect(path)) as database, database:
        if is_contents:
            database.execute(
                f"CREATE VIEW gpkg_contents AS {endless} SELECT n table_name, '' data_type, 4326 srs_id, "
                "n min_x, n min_y, n max_x, n max_y FROM c"
            )
        else:
            database.execute('DROP TABLE "reef ""1"""')
            database.execute("CREATE TABLE typed (seen DATE)")
            database.execute(
                f'CREATE VIEW "reef ""1""" AS {endless} SELECT seen FROM c LEFT JOIN typed ON c.n = typed.seen'
            )
    with pytest.raises(InvalidArgument, match=r"cannot be read: (it has no table|interrupted)"):
        read("paths", [path])


def test_several_files_together_also_across_the_date_line(tmp_path: Path) -> None:
    for number, bounds in enumerate([(175, -20, 179, 0), (170, -21, 190, 1), (-175, 0, -172, 2)]):
        geopackage(tmp_path / f"{number}.gpkg", 4326, bounds, [])
    found = read("paths", [tmp_path / "[01].gpkg", tmp_path / "2.gpkg"])
    assert found == FilesExtent((170, -21, -170, 2), None, None, 3)
    assert str(found) == "170, -21 to -170, 2; no time; from 3 files"


@pytest.mark.parametrize(
    ("boxes", "together"),
    [
        ([(175, -20, 179, 0), (-179, -20, -175, 0)], (175, -20, -175, 0)),
        ([(170, -20, -170, 0)], (170, -20, -170, 0)),
        ([(350, -20, 10, 0)], (-10, -20, 10, 0)),
        ([(-180, -20, 180, 0), (170, -20, -170, 0)], (-180, -20, 180, 0)),
        ([(-10, 0, 10, 1), (140, 2, 150, 3)], (-10, 0, 150, 3)),
    ],
)
def test_tiles_on_both_sides_of_the_date_line(
    tmp_path: Path, boxes: list[tuple[float, ...]], together: tuple[float, ...]
) -> None:
    for number, bounds in enumerate(boxes):
        geopackage(tmp_path / f"{number}.gpkg", 4326, bounds, [])
    assert read("paths", [tmp_path / "*.gpkg"]).bounds == together


class NetCDF:
    """xarray, and the data set that it opens."""

    def __init__(self, longitudes: list[float], times: list[str], **attributes: object) -> None:
        self.attrs = attributes
        self.variables: dict[str, Any] = {}
        self._longitudes, self._times = longitudes, times

    def open_dataset(self, path: Path, decode_times: bool = True) -> Any:
        if decode_times and "undecodable" in self._times:
            raise ValueError("unable to decode time")
        self._add("lon", self._longitudes, "f8")
        self._add("lat", [-17.0, -16.0], "f8")
        self._add(
            "time", self._times if decode_times else [-1e20], "datetime64[ns]" if decode_times else "f8"
        )
        return nullcontext(self)

    def _add(self, name: str, values: list[Any], kind: str) -> None:
        array = pytest.importorskip("numpy").array(values, kind)
        self.variables[name] = SimpleNamespace(values=array, size=array.size, attrs={})


PLACE = (145, -17, 146, -16)
STATED = {"time_coverage_start": "2020-01-01", "time_coverage_end": "2021-01-01"}


@pytest.mark.parametrize(
    ("file", "found"),
    [
        (NetCDF([145, 146], ["2024-01-02", "NaT"]), (PLACE, date(2024, 1, 2), date(2024, 1, 2))),
        (NetCDF([145, 146], ["NaT"]), (PLACE, None, None)),
        (NetCDF([145, 146], ["NaT"], **STATED), (PLACE, date(2020, 1, 1), date(2021, 1, 1))),
        (NetCDF([145, 146], ["undecodable"]), (PLACE, None, None)),
        (NetCDF([145, 146], ["NaT"], time_coverage_start="?", time_coverage_end="?"), (PLACE, None, None)),
        (NetCDF([math.nan], ["2024-01-02"]), (None, date(2024, 1, 2), date(2024, 1, 2))),
    ],
)
def test_times_and_places_that_are_missing_in_netcdf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: NetCDF, found: tuple[object, ...]
) -> None:
    monkeypatch.setitem(sys.modules, "xarray", file)
    (tmp_path / "a.nc").touch()
    read_ = read("paths", [tmp_path / "a.nc"])
    assert (read_.bounds, read_.begin, read_.end) == found


def test_metadata_are_filled_in_and_nothing_else_is_touched(tmp_path: Path) -> None:
    geopackage(tmp_path / "a.gpkg", 4326, (145, -17, 146, -16), ["2024-05-06"])
    geopackage(tmp_path / "b.gpkg", 4326, (145, -17, 146, -16), [])
    made = metadata()
    before = made.to_dict()
    made.extent_from(tmp_path / "b.gpkg")
    assert made.dataset_info.temporal_info is None
    made.extent_from(tmp_path / "*.gpkg")
    ewkt = "SRID=4326;POLYGON((145 -17, 146 -17, 146 -16, 145 -16, 145 -17))"
    before["dataset_info"]["spatial_info"] = {"coverage": ewkt, "extent": ewkt}
    before["dataset_info"]["temporal_info"] = {
        "duration": {"begin_date": "2024-05-06", "end_date": "2024-05-06"}
    }
    assert made.to_dict() == before
    assert made.problems() == ()


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "a.gpkg").write_text("no database")
    geopackage(tmp_path / "metres.gpkg", 4326, (300_000, 7_000_000, 400_000, 8_000_000), [])
    (tmp_path / "a.nc").write_text("")
    monkeypatch.setitem(sys.modules, "xarray", None)
    for paths, words in (
        ([], "paths must name at least one file"),
        ([tmp_path / "*.tif"], "no file matches"),
        ([tmp_path / "a.csv"], "is not .cdf, .geoparquet, .gpkg, .nc, .nc4, .parquet, .tif, .tiff"),
        ([tmp_path / "a.gpkg"], "cannot be read: "),
        ([tmp_path / "metres.gpkg"], "are not longitudes and latitudes in degrees"),
        (
            [tmp_path / "a.nc"],
            "needs xarray to be read. Install it with: pip install 'provena-sdk[interop]'.",
        ),
    ):
        with pytest.raises(InvalidArgument) as caught:
            read("paths", paths)
        assert words in str(caught.value)
