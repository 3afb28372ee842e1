"""The area that data cover, in longitude and latitude."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from provena_sdk.coverage.date_line import continuous
from provena_sdk.coverage.ewkt import EwktError, Geometry, Line, parse
from provena_sdk.coverage.geojson import geometry_object
from provena_sdk.display.notebook import pretty
from provena_sdk.display.pictures.degrees import box_in_words
from provena_sdk.display.pictures.map import Outline, map_picture
from provena_sdk.display.pictures.picture import Picture

Bounds: TypeAlias = tuple[float, float, float, float]
"""West, south, east and north, in degrees; an area across the date line has its west greater than its east."""

_MERCATOR: Final = (3857, 900913)
_EARTH_RADIUS: Final = 6_378_137.0
# The EPSG register keeps these numbers for reference systems in degrees; those of 2020 and later lie elsewhere.
_DEGREES: Final = (range(4001, 5000), (7843, 7844))


@dataclass(frozen=True, slots=True, repr=False)
class Extent:
    """The area that data cover. Shows itself as a map in a notebook, and has ``__geo_interface__``.

    Attributes:
        west: Its western edge, at least -180.
        south: Its southern edge.
        east: Its eastern edge; more than 180 if it crosses the date line.
        north: Its northern edge.
        geometry: Its points, lines and polygons, in degrees.

    Example:
        >>> reef = Extent.from_ewkt("SRID=4326;POLYGON((145 -25, 155 -25, 155 -10, 145 -10, 145 -25))")
        >>> print(reef)
        145°E to 155°E, 25°S to 10°S
        >>> reef.bounds
        (145.0, -25.0, 155.0, -10.0)
    """

    west: float
    south: float
    east: float
    north: float
    geometry: Geometry

    @classmethod
    def from_ewkt(cls, text: str) -> Extent:
        """Read an extent from EWKT, as a dataset's metadata have it.

        Args:
            text: Such as ``SRID=4326;POINT(145 -16)``. Coordinates are longitude and latitude, or those of Web
                Mercator (EPSG:3857).

        Raises:
            ValueError: The text is malformed or empty, or its reference system is another.
        """
        geometry = continuous(_in_degrees(parse(text)))
        positions = [position for part in geometry.parts() for position in part]
        if not positions:
            raise EwktError("the geometry is empty")
        longitudes, latitudes = zip(*positions, strict=True)
        return cls(min(longitudes), min(latitudes), max(longitudes), max(latitudes), geometry)

    @property
    def bounds(self) -> Bounds:
        """West, south, east and north. Across the date line, west is greater than east, as in GeoJSON."""
        if self.east - self.west >= 360:
            return -180.0, self.south, 180.0, self.north
        return self.west, self.south, self.east if self.east <= 180 else self.east - 360, self.north

    @property
    def crosses_date_line(self) -> bool:
        """Whether it lies on both sides of the date line."""
        return self.west < 180 < self.east

    def intersects(self, bounds: Sequence[float]) -> bool:
        """Return whether the box around a part of it meets a box.

        Args:
            bounds: West, south, east and north, in degrees; west is greater than east across the date line.

        Example:
            >>> reef = Extent.from_ewkt("SRID=4326;POINT(178 -16)")
            >>> reef.intersects((170, -20, -170, 0)), reef.intersects((-170, -20, 170, 0))
            (True, False)
        """
        west, south, east, north = bounds
        east += 360 if east < west else 0
        return any(
            box[1] <= north and south <= box[3] and _meet((box[0], box[2]), (west, east))
            for box in map(_box, self.geometry.parts())
        )

    @property
    def __geo_interface__(self) -> dict[str, Any]:
        """The area as a GeoJSON geometry, which geopandas, shapely and others take."""
        return geometry_object(self.geometry)

    def to_geojson(self) -> dict[str, Any]:
        """Return the area as a GeoJSON geometry, cut at the date line."""
        return self.__geo_interface__

    def map(self) -> Picture:
        """Return a map of the area."""
        return map_picture(self.outlines(), title=str(self))

    def outlines(self, label: str = "") -> list[Outline]:
        """Return what a map shows of it."""
        return [
            *(Outline("point", ((point,),), label) for point in self.geometry.points),
            *(Outline("line", (line,), label) for line in self.geometry.lines),
            *(Outline("area", polygon, label) for polygon in self.geometry.polygons),
        ]

    def __str__(self) -> str:
        return box_in_words((self.west, self.south, self.east, self.north))

    def __repr__(self) -> str:
        return f"<Extent {self}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    def _repr_html_(self) -> str:
        return self.map()._repr_html_()


def _in_degrees(geometry: Geometry) -> Geometry:
    if geometry.srid in _MERCATOR:
        return replace(
            geometry,
            points=tuple(map(_unprojected, geometry.points)),
            lines=tuple(tuple(map(_unprojected, line)) for line in geometry.lines),
            polygons=tuple(
                tuple(tuple(map(_unprojected, ring)) for ring in polygon) for polygon in geometry.polygons
            ),
            srid=4326,
        )
    if not any(geometry.srid in numbers for numbers in _DEGREES):
        raise EwktError(f"the reference system EPSG:{geometry.srid} is not in degrees")
    if any(abs(x) > 540 or abs(y) > 90 for part in geometry.parts() for x, y in part):
        raise EwktError("a longitude or latitude is out of range")
    return geometry


def _unprojected(position: tuple[float, float]) -> tuple[float, float]:
    x, y = (max(-5e7, min(5e7, value)) / _EARTH_RADIUS for value in position)
    return math.degrees(x), math.degrees(math.atan(math.sinh(y)))


def _box(part: Line) -> Bounds:
    longitudes, latitudes = zip(*part, strict=True)
    return min(longitudes), min(latitudes), max(longitudes), max(latitudes)


def _meet(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Return whether two spans of longitude meet, on a globe."""
    return any(
        one[0] + turn <= other[1] and other[0] <= one[1] + turn
        for turn in (-720.0, -360.0, 0.0, 360.0, 720.0)
    )
