"""The area and the days that files cover, read from the files themselves.

netCDF files are read with xarray, GeoTIFF with rasterio, Parquet with pyarrow, GeoPackage with SQLite. Each library is
imported when a file needs it.
"""

from __future__ import annotations

import glob
import json
import math
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from importlib import import_module
from itertools import count
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Final, TypeAlias

from provena_sdk.display.pictures.degrees import western_end
from provena_sdk.display.text import printable, quoted
from provena_sdk.errors import InvalidArgument

Bounds: TypeAlias = tuple[float, float, float, float]
"""West, south, east and north, in degrees."""

_MOST_FILES: Final = 10_000
_LONGITUDES: Final = ("lon", "longitude", "long", "lng")
_LATITUDES: Final = ("lat", "latitude")
_NEARLY_ROUND: Final = 350
_MOST_TABLES: Final = 1_000
_MOST_STEPS: Final = 1_000_000_000
_STEPS_AT_ONCE: Final = 10_000
_TIMES: Final = ("time", "date", "datetime", "timestamp")


@dataclass(frozen=True, slots=True)
class FilesExtent:
    """What files cover.

    Attributes:
        bounds: West, south, east and north, in degrees; None if no file says.
        begin: The first day; None if no file says.
        end: The last day; None if no file says.
        files: How many files were read.
    """

    bounds: Bounds | None
    begin: date | None
    end: date | None
    files: int

    def __str__(self) -> str:
        where = "no place" if self.bounds is None else "{:.6g}, {:.6g} to {:.6g}, {:.6g}".format(*self.bounds)
        when = "no time" if self.begin is None else f"{self.begin} to {self.end}"
        return f"{where}; {when}; from {self.files} file{'' if self.files == 1 else 's'}"


@dataclass(slots=True)
class _Found:
    """What one file says."""

    bounds: Bounds | None = None
    days: tuple[date, date] | None = None


def read(argument: str, paths: Iterable[str | PathLike[str]]) -> FilesExtent:
    """Read the area and the days that files cover together.

    Args:
        argument: The argument's name, for messages.
        paths: Files or patterns.

    Raises:
        InvalidArgument: No file matches, one cannot be read, or the library that reads it is missing.
    """
    files = list(_files(argument, paths))
    found = [_read(argument, path) for path in files]
    days = [each.days for each in found if each.days is not None]
    return FilesExtent(
        bounds=_together([each.bounds for each in found if each.bounds is not None]),
        begin=min((first for first, _ in days), default=None),
        end=max((last for _, last in days), default=None),
        files=len(files),
    )


def _files(argument: str, paths: Iterable[str | PathLike[str]]) -> Iterator[Path]:
    given = list(paths)
    if not given:
        raise InvalidArgument(argument, "must name at least one file.")
    for pattern in given:
        text = fspath(pattern)
        matches = [text] if Path(text).is_file() else sorted(glob.glob(text, recursive=True))
        files = [Path(match) for match in matches if Path(match).is_file()]
        if not files:
            raise InvalidArgument(argument, f"no file matches {quoted(text)}.")
        if len(files) > _MOST_FILES:
            raise InvalidArgument(
                argument, f"{len(files):,} files match {quoted(text)}; at most {_MOST_FILES:,} are read."
            )
        yield from files


def _read(argument: str, path: Path) -> _Found:
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InvalidArgument(argument, f"{quoted(str(path))} is not {', '.join(sorted(_READERS))}.")
    try:
        return reader(path)
    except ImportError as error:
        needed = error.name or "a library"
        raise InvalidArgument(
            argument,
            f"{quoted(str(path))} needs {printable(needed)} to be read.",
            hint="Install it with: pip install 'provena-sdk[interop]'.",
        ) from error
    except InvalidArgument:
        raise
    except Exception as error:
        raise InvalidArgument(argument, f"{quoted(str(path))} cannot be read: {printable(error)}.") from error


def _netcdf(path: Path) -> _Found:
    xarray = import_module("xarray")

    try:
        opened = xarray.open_dataset(path)
    except ValueError:  # it has times that cannot be decoded
        opened = xarray.open_dataset(path, decode_times=False)
    with opened as dataset:
        stated = _stated(dataset.attrs)
        longitudes = _coordinate(dataset, "longitude", "degrees_east", _LONGITUDES)
        latitudes = _coordinate(dataset, "latitude", "degrees_north", _LATITUDES)
        times = _coordinate(dataset, "time", "", _TIMES)
        across, down = (None if each is None else _limits(each) for each in (longitudes, latitudes))
        return _Found(
            _box(across, down) if across is not None and down is not None else stated.bounds,
            (None if times is None else _days(_limits(times))) or stated.days,
        )


def _stated(attributes: Mapping[str, Any]) -> _Found:
    """Return what a file's attributes state, by the conventions for data discovery (ACDD)."""
    sides = [attributes.get(f"geospatial_{axis}_{end}") for axis in ("lon", "lat") for end in ("min", "max")]
    west, east, south, north = (math.nan if side is None else float(side) for side in sides)
    is_known = not any(map(math.isnan, (west, east, south, north)))
    days = (attributes.get("time_coverage_start"), attributes.get("time_coverage_end"))
    return _Found(_box((west, east), (south, north)) if is_known else None, _days(days))


def _coordinate(dataset: Any, standard_name: str, units: str, names: Sequence[str]) -> Any:
    """Return the values of a coordinate, found by the conventions for climate and forecast metadata, or by name."""
    variables = dataset.variables
    named = [
        variable
        for variable in variables.values()
        if variable.attrs.get("standard_name") == standard_name
        or variable.attrs.get("units", "") == (units or None)
    ] or [variables[name] for name in variables if str(name).lower() in names]
    return named[0].values if named and named[0].size else None


def _limits(values: Any) -> tuple[Any, Any] | None:
    """Return the least and the greatest value; None if there is none but those that are not a number or a time."""
    known = values[values == values]
    return (known.min(), known.max()) if known.size else None


def _days(limits: tuple[object, object] | None) -> tuple[date, date] | None:
    """Return the first and the last day; None if they are not known."""
    if limits is None or None in limits:
        return None
    try:
        return _day(limits[0]), _day(limits[1])
    except ValueError:
        return None


def _day(value: Any) -> date:
    """Return the day of a datetime, of one of numpy, or of one of cftime."""
    if isinstance(value, datetime):
        return value.date()
    return date.fromisoformat(str(value)[:10])


def _geotiff(path: Path) -> _Found:
    rasterio, warp = import_module("rasterio"), import_module("rasterio.warp")
    with rasterio.open(path) as image:
        if image.crs is None:
            return _Found()
        west, south, east, north = warp.transform_bounds(image.crs, "EPSG:4326", *image.bounds)
    return _Found(_box((west, east), (south, north)))


def _geopackage(path: Path) -> _Found:
    found = _Found()
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        _limit(database)
        rows = database.execute(
            "SELECT table_name, data_type, srs_id, min_x, min_y, max_x, max_y FROM gpkg_contents"
        ).fetchmany(_MOST_TABLES + 1)
        if len(rows) > _MOST_TABLES:
            raise ValueError(f"it has more than {_MOST_TABLES:,} tables")
        placed = [(srid, row) for _, kind, srid, *row in rows if kind in ("features", "tiles")]
        found.bounds = _together([_degrees(int(srid), row) for srid, row in placed if None not in row])
        columns = [
            (table, column[1])
            for table, *_ in rows
            for column in database.execute(f"PRAGMA table_info({_name(table)})").fetchall()
            if column[2].upper() in ("DATE", "DATETIME")
        ]
        days: list[date] = []
        for table, column in columns:
            query = f"SELECT MIN({_name(column)}), MAX({_name(column)}) FROM {_name(table)}"  # noqa: S608  # quoted
            for value in database.execute(query).fetchone():
                days += (_days((value, value)) or ())[:1]
    found.days = (min(days), max(days)) if days else None
    return found


def _limit(database: sqlite3.Connection) -> None:
    """Let a database that somebody else made do no harm: nothing it defines runs without end.

    Raises:
        ValueError: Its list of contents is not a table.
    """
    calls = count(1)
    database.set_progress_handler(lambda: next(calls) * _STEPS_AT_ONCE > _MOST_STEPS, _STEPS_AT_ONCE)
    database.execute("PRAGMA trusted_schema = OFF")
    kinds = database.execute("SELECT type FROM sqlite_master WHERE lower(name) = 'gpkg_contents'").fetchall()
    if kinds != [("table",)]:
        raise ValueError("it has no table gpkg_contents")


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _degrees(srid: int, bounds: Sequence[float]) -> Bounds:
    if srid in (4326, 4283, 7844, 4258, 4269):
        west, south, east, north = bounds
        return _box((west, east), (south, north))
    warp = import_module("rasterio.warp")
    west, south, east, north = warp.transform_bounds(f"EPSG:{srid}", "EPSG:4326", *bounds)
    return _box((west, east), (south, north))


def _parquet(path: Path) -> _Found:
    types, compute, parquet = (import_module(f"pyarrow.{name}") for name in ("types", "compute", "parquet"))
    with parquet.ParquetFile(path) as file:
        schema = file.schema_arrow
        names = {name.lower(): name for name in schema.names}
        times = [each.name for each in schema if types.is_date(each.type) or types.is_timestamp(each.type)]
        longitude = next((names[name] for name in _LONGITUDES if name in names), None)
        latitude = next((names[name] for name in _LATITUDES if name in names), None)
        found = _Found(_geoparquet(schema.metadata or {}))
        wanted = [
            *times[:1],
            *([longitude, latitude] if found.bounds is None and longitude and latitude else []),
        ]
        if not wanted:
            return found
        table = file.read(columns=wanted)
    limits = {name: compute.min_max(table[name]).as_py() for name in wanted}
    if longitude in limits and latitude in limits:
        sides = [limits[name][end] for name in (longitude, latitude) for end in ("min", "max")]
        if not any(side is None or math.isnan(side) for side in sides):
            found.bounds = _box((sides[0], sides[1]), (sides[2], sides[3]))
    if times:
        found.days = _days((limits[times[0]]["min"], limits[times[0]]["max"]))
    return found


def _geoparquet(metadata: Mapping[bytes, bytes]) -> Bounds | None:
    """Return the bounds that a GeoParquet file states, if it is in degrees."""
    if b"geo" not in metadata:
        return None
    columns = json.loads(metadata[b"geo"])["columns"].values()
    boxes = [column["bbox"] for column in columns if "bbox" in column and _in_degrees(column.get("crs"))]
    # Four numbers, or six with heights.
    return _together(
        [_box((each[0], each[len(each) // 2]), (each[1], each[len(each) // 2 + 1])) for each in boxes]
    )


def _in_degrees(crs: Mapping[str, Any] | None) -> bool:
    """Return whether a reference system of GeoParquet is in longitude and latitude, as it is by default."""
    return crs is None or crs.get("type") == "GeographicCRS"


def _together(boxes: Sequence[Bounds]) -> Bounds | None:
    """Return the bounds of several boxes together."""
    if not boxes:
        return None
    spans = [(west, east + 360 if west > east else east) for west, _, east, _ in boxes]
    start = western_end(spans)
    turns = [(west - start) // 360 * 360 for west, _ in spans]
    west = min(span[0] - turn for span, turn in zip(spans, turns, strict=True))
    east = max(span[1] - turn for span, turn in zip(spans, turns, strict=True))
    return _box((west, east), (min(each[1] for each in boxes), max(each[3] for each in boxes)))


def _box(longitudes: tuple[float, float], latitudes: tuple[float, float]) -> Bounds:
    """Return bounds with longitudes between -180 and 180, also for a grid that counts them from 0 to 360.

    West may be greater than east, across the date line.

    Raises:
        ValueError: These are not longitudes and latitudes in degrees.
    """
    west, east, south, north = map(float, (*longitudes, *latitudes))
    east += 360 if -180 <= east < west <= 360 else 0
    if not (-360 <= west <= east <= 720 and -90.5 <= south <= north <= 90.5):
        raise ValueError(
            f"{west:g}, {south:g}, {east:g}, {north:g} are not longitudes and latitudes in degrees"
        )
    if east - west >= _NEARLY_ROUND:
        west, east = -180.0, 180.0
    elif west >= 180:
        west, east = west - 360, east - 360
    elif east > 180:
        east -= 360
    return west, max(-90.0, south), east, min(90.0, north)


_READERS: Final[Mapping[str, Callable[[Path], _Found]]] = {
    **dict.fromkeys((".nc", ".nc4", ".cdf"), _netcdf),
    **dict.fromkeys((".tif", ".tiff"), _geotiff),
    ".gpkg": _geopackage,
    **dict.fromkeys((".parquet", ".geoparquet"), _parquet),
}
