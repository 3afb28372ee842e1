"""Shapes that cross the date line, where longitude jumps from 180 to -180."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from provena_sdk.coverage.ewkt import Geometry, Line, Polygon, Position
from provena_sdk.display.pictures.clipping import clipped_ring
from provena_sdk.display.pictures.degrees import western_end

_TURN: Final = 360.0
_HALF: Final = 180.0
_NEARLY_ALL: Final = 350.0
_LOW: Final = 30.0
_WIDEST_RING: Final = 720.0
_FAR: Final = 1e9


def continuous(geometry: Geometry) -> Geometry:
    """Return a geometry in degrees without jumps: east of the date line, longitudes exceed 180.

    An edge of more than 180 degrees goes the short way, across the date line; but a shape that spans nearly all
    longitudes, and 30 degrees of latitude or more, spans them indeed, such as the box of a global grid. A ring that
    would wind around the globe more than twice stays as it is. Parts are moved by whole turns so that together they
    span as little as possible.

    Example:
        >>> from provena_sdk.coverage.ewkt import parse
        >>> fiji = parse("SRID=4326;POLYGON((177 -20, -178 -20, -178 -15, 177 -15, 177 -20))")
        >>> [x for x, _ in continuous(fiji).polygons[0][0]]
        [177.0, 182.0, 182.0, 177.0, 177.0]
    """
    points = tuple((_near(x, 0.0), y) for x, y in geometry.points)
    lines = tuple(map(_continuous_line, geometry.lines))
    polygons = tuple(map(_continuous_polygon, geometry.polygons))
    whole = replace(geometry, points=points, lines=lines, polygons=polygons)
    spans = [_span(part) for part in whole.parts()]
    west = western_end(spans) if spans else 0.0
    return replace(
        whole,
        points=tuple(_moved([(point,)], west)[0][0] for point in points),
        lines=tuple(_moved([line], west)[0] for line in lines),
        polygons=tuple(_moved(polygon, west) for polygon in polygons),
    )


def cut(geometry: Geometry) -> Geometry:
    """Return a continuous geometry cut at the date line, with all longitudes between -180 and 180, as GeoJSON wants.

    Example:
        >>> from provena_sdk.coverage.ewkt import parse
        >>> fiji = parse("SRID=4326;POLYGON((177 -20, -178 -20, -178 -15, 177 -15, 177 -20))")
        >>> [[x for x, _ in polygon[0]] for polygon in cut(continuous(fiji)).polygons]
        [[177.0, 180.0, 180.0, 177.0, 177.0], [-180.0, -178.0, -178.0, -180.0, -180.0]]
    """
    points = tuple((_near(x, 0.0), y) for x, y in geometry.points)
    lines = tuple(piece for line in geometry.lines for piece in _cut_line(line))
    polygons = tuple(piece for polygon in geometry.polygons for piece in _cut_polygon(polygon))
    kind = geometry.kind
    if (kind == "LineString" and len(lines) > 1) or (kind == "Polygon" and len(polygons) > 1):
        kind = f"Multi{kind}"
    return replace(geometry, kind=kind, points=points, lines=lines, polygons=polygons)


def _near(x: float, middle: float) -> float:
    """Return the longitude less than half a turn from another; 180 stays 180."""
    if middle - _HALF <= x <= middle + _HALF:
        return x
    return (x - middle + _HALF) % _TURN - _HALF + middle


def _continuous_line(line: Line) -> Line:
    longest = max((abs(b[0] - a[0]) for a, b in pairwise(line)), default=0.0)
    heights = [y for _, y in line]
    is_global = longest >= _NEARLY_ALL and max(heights) - min(heights) >= _LOW
    if longest <= _HALF or longest >= _TURN or is_global:
        return line
    found: list[Position] = [line[0]]
    for x, y in line[1:]:
        found.append((_near(x, found[-1][0]), y))
    return tuple(found)


def _continuous_ring(ring: Line) -> Line:
    """Return a ring without jumps, unless it winds on and on: it is cut once for each turn that it spans."""
    found = _continuous_line(ring)
    west, east = _span(found)
    return found if east - west <= _WIDEST_RING else ring


def _continuous_polygon(polygon: Polygon) -> Polygon:
    outer = _continuous_ring(polygon[0])
    middle = sum(_span(outer)) / 2
    holes = []
    for hole in polygon[1:]:
        ring = _continuous_ring(hole)
        offset = _near(sum(_span(ring)) / 2, middle) - sum(_span(ring)) / 2
        holes.append(_shifted(ring, offset))
    return (outer, *holes)


def _span(line: Line) -> tuple[float, float]:
    longitudes = [x for x, _ in line]
    return min(longitudes), max(longitudes)


def _moved(part: Sequence[Line], west: float) -> Polygon:
    """Move a part by whole turns, so that its first line begins within a turn east of ``west``."""
    beyond = (_span(part[0])[0] - west) // _TURN + (west + _HALF) // _TURN
    return tuple(_shifted(line, -_TURN * beyond) for line in part)


def _shifted(line: Iterable[Position], offset: float) -> Line:
    return tuple((x + offset, y) for x, y in line)


def _worlds(line: Line) -> range:
    """Return the numbers of the turns that a line passes through."""
    west, east = _span(line)
    first = int((west + _HALF) // _TURN)
    last = int((east + _HALF) // _TURN)
    return range(first, max(first, last - ((east + _HALF) % _TURN == 0)) + 1)


def _cut_line(line: Line) -> Iterable[Line]:
    worlds = _worlds(line)
    world = worlds[0] if len(worlds) == 1 else int((line[0][0] + _HALF) // _TURN)
    pieces: list[tuple[int, list[Position]]] = [(world, [line[0]])]
    for (x, y), (to_x, to_y) in pairwise(line):
        while not _TURN * world - _HALF <= to_x <= _TURN * world + _HALF:
            step = 1 if to_x > _TURN * world else -1
            border = _TURN * world + step * _HALF
            met = (border, y + (to_y - y) * (border - x) / (to_x - x))
            pieces[-1][1].append(met)
            world += step
            pieces.append((world, [met]))
        pieces[-1][1].append((to_x, to_y))
    for number, piece in pieces:
        if len(pieces) == 1 or len(set(piece)) > 1:
            yield _shifted(piece, -_TURN * number)


def _cut_polygon(polygon: Polygon) -> Iterable[Polygon]:
    worlds = _worlds(polygon[0])
    if len(worlds) == 1:
        yield tuple(_shifted(ring, -_TURN * worlds[0]) for ring in polygon)
        return
    for world in worlds:
        box = (_TURN * world - _HALF, -_FAR, _TURN * world + _HALF, _FAR)
        outer, *holes = (clipped_ring(ring, box) for ring in polygon)
        if outer:
            yield tuple(_shifted(ring, -_TURN * world) for ring in (outer, *filter(None, holes)))
