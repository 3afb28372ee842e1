"""Read extended well-known text (EWKT), the form in which metadata give an area."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

Position: TypeAlias = tuple[float, float]
Line: TypeAlias = tuple[Position, ...]
Polygon: TypeAlias = tuple[Line, ...]

MOST_CHARACTERS: Final = 50_000
"""Longest text that is read; the service takes no longer one."""

_DEEPEST: Final = 16
_LEAST_RING: Final = 4
_START: Final = re.compile(r"SRID=(\d{1,9});")
_TOKEN: Final = re.compile(r"([A-Za-z]+)|([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)|([(),])", re.ASCII)
# For each geometry: its name in GeoJSON, the nesting depth of the brackets around its points, and the fewest points.
_KINDS: Final = {
    "POINT": ("Point", 1, 1),
    "LINESTRING": ("LineString", 1, 2),
    "POLYGON": ("Polygon", 2, _LEAST_RING),
    "MULTIPOINT": ("MultiPoint", 1, 1),
    "MULTILINESTRING": ("MultiLineString", 2, 2),
    "MULTIPOLYGON": ("MultiPolygon", 3, _LEAST_RING),
    "GEOMETRYCOLLECTION": ("GeometryCollection", 1, 0),
}


class EwktError(ValueError):
    """A text is not EWKT; the message says where."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Points, lines and polygons, without heights.

    Attributes:
        kind: The geometry's name in GeoJSON; a collection holds the parts of all its members.
        points: Longitude and latitude, or the coordinates of another reference system.
        lines: At least two points each.
        polygons: Each an outer ring and holes; rings are closed.
        srid: The number of the reference system in the EPSG register; 4326 is longitude and latitude.
    """

    kind: str
    points: tuple[Position, ...] = ()
    lines: tuple[Line, ...] = ()
    polygons: tuple[Polygon, ...] = ()
    srid: int = 4326

    def parts(self) -> Iterator[Line]:
        """Yield the positions of each point, line and outer ring."""
        for point in self.points:
            yield (point,)
        yield from self.lines
        for polygon in self.polygons:
            yield polygon[0]


def parse(text: str) -> Geometry:
    """Read EWKT.

    Args:
        text: ``SRID=<number>;<well-known text>``. Heights and measures are skipped.

    Returns:
        The geometry.

    Raises:
        EwktError: The text is malformed, or longer than 50,000 characters.

    Example:
        >>> parse("SRID=4326;POINT(145 -16)")
        Geometry(kind='Point', points=((145.0, -16.0),), lines=(), polygons=(), srid=4326)
    """
    if len(text) > MOST_CHARACTERS:
        raise EwktError(f"longer than {MOST_CHARACTERS:,} characters")
    start = _START.match(text)
    if start is None:
        raise EwktError("must start with 'SRID=', a number and ';', as in 'SRID=4326;POINT(145 -16)'")
    reader = _Reader(text, start.end())
    geometry = reader.geometry(0)
    reader.end()
    return Geometry(geometry.kind, geometry.points, geometry.lines, geometry.polygons, int(start[1]))


class _Reader:
    def __init__(self, text: str, place: int) -> None:
        self._text = text
        self._place = place
        self._word = self._number = self._mark = ""
        self._advance()

    def _advance(self) -> None:
        while self._place < len(self._text) and self._text[self._place].isspace():
            self._place += 1
        self._start = self._place
        self._word = self._number = self._mark = ""
        if self._place == len(self._text):
            return
        found = _TOKEN.match(self._text, self._place)
        if found is None:
            raise self._error("a character that has no meaning here")
        self._word, self._number, self._mark = (group or "" for group in found.groups())
        self._place = found.end()

    def _error(self, what: str) -> EwktError:
        return EwktError(f"at character {self._start + 1}: {what}")

    def _expect(self, mark: str) -> None:
        if self._mark != mark:
            raise self._error(f"expected {mark!r}")
        self._advance()

    def _separated(self) -> bool:
        """Skip a comma, or the bracket that ends a list; return whether it was a comma."""
        if self._mark not in (",", ")"):
            raise self._error("expected ',' or ')'")
        is_comma = self._mark == ","
        self._advance()
        return is_comma

    def end(self) -> None:
        if self._word or self._number or self._mark:
            raise self._error("expected the end of the text")

    def geometry(self, depth: int) -> Geometry:
        if depth > _DEEPEST:
            raise self._error("collections are nested too deeply")
        word = self._word.upper()
        if word not in _KINDS:
            word = word.rstrip("ZM")  # as in POINTZ
        if word not in _KINDS:
            raise self._error(f"expected a geometry: {', '.join(_KINDS)}")
        kind, levels, least = _KINDS[word]
        self._advance()
        if self._word.upper() in ("Z", "M", "ZM"):
            self._advance()
        if self._word.upper() == "EMPTY":
            self._advance()
            return Geometry(kind)
        self._expect("(")
        if kind == "GeometryCollection":
            return self._collection(depth)
        if kind in ("Point", "MultiPoint"):
            return Geometry(kind, points=self._points(kind == "MultiPoint"))
        if levels == 1:
            return Geometry(kind, lines=(self._run(least),))
        if kind == "MultiPolygon":
            return Geometry(kind, polygons=self._polygons())
        runs = self._runs(least)
        return Geometry(kind, polygons=(runs,)) if kind == "Polygon" else Geometry(kind, lines=runs)

    def _collection(self, depth: int) -> Geometry:
        members = [self.geometry(depth + 1)]
        while self._separated():
            members.append(self.geometry(depth + 1))
        return Geometry(
            "GeometryCollection",
            tuple(point for member in members for point in member.points),
            tuple(line for member in members for line in member.lines),
            tuple(polygon for member in members for polygon in member.polygons),
        )

    def _points(self, several: bool) -> Line:
        points = []
        more = True
        while more:
            in_brackets = several and self._mark == "("
            if in_brackets:
                self._advance()
            points.append(self._position())
            if in_brackets:
                self._expect(")")
            more = self._separated()
            if more and not several:
                raise self._error("a point has one position")
        return tuple(points)

    def _polygons(self) -> tuple[Polygon, ...]:
        polygons = []
        more = True
        while more:
            self._expect("(")
            polygons.append(self._runs(_LEAST_RING))
            more = self._separated()
        return tuple(polygons)

    def _runs(self, least: int) -> tuple[Line, ...]:
        runs = []
        more = True
        while more:
            self._expect("(")
            runs.append(self._run(least))
            more = self._separated()
        return tuple(runs)

    def _run(self, least: int) -> Line:
        positions = [self._position()]
        while self._mark == ",":
            self._advance()
            positions.append(self._position())
        what = "ring" if least == _LEAST_RING else "line"
        if len(positions) < least:
            raise self._error(f"a {what} needs at least {least} points, not {len(positions)}")
        if least == _LEAST_RING and positions[0] != positions[-1]:
            raise self._error("a ring must end where it starts")
        self._expect(")")
        return tuple(positions)

    def _position(self) -> Position:
        numbers: list[float] = []
        while self._number:
            value = float(self._number)
            if not math.isfinite(value):
                raise self._error("a number out of range")
            numbers.append(value)
            self._advance()
        if not 2 <= len(numbers) <= 4:
            raise self._error(f"a position has two to four numbers, not {len(numbers)}")
        return numbers[0], numbers[1]
