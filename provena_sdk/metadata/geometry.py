"""Whether a text is extended well-known text (EWKT) that the registry accepts.

The registry takes ``SRID=<digits>;<geometry>`` and parses the geometry with shapely, which takes more than
:mod:`provena_sdk.coverage.ewkt` can draw. Refused here is only what no version of shapely can parse: an unknown kind of
geometry, brackets or numbers that do not fit, rings that do not close. Whether an SRID exists is left to the registry.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_EWKT: Final = re.compile(r"SRID=(\d+);(.+)")
_ALMOST_EWKT: Final = re.compile(r"srid\s*=\s*(\d+)\s*[;,]\s*(.+)", re.IGNORECASE)
_BEGINNING: Final = re.compile(r"\s*([A-Za-z]+)")
_RINGS: Final = ("POLYGON", "MULTIPOLYGON", "LINEARRING")
_NOT_LOOKED_INTO: Final = ("GEOMETRYCOLLECTION", "COMPOUNDCURVE", "MULTICURVE", "MULTISURFACE")
_KINDS: Final = frozenset(
    (
        *_RINGS,
        *_NOT_LOOKED_INTO,
        "POINT",
        "LINESTRING",
        "MULTIPOINT",
        "MULTILINESTRING",
        "CIRCULARSTRING",
        "CURVEPOLYGON",
    )
)
_RUN: Final = re.compile(r"\(([^()]*)\)")
_NUMBER: Final = re.compile(
    r"[-+]?(0x[\da-f.]+|(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?|nan|inf(inity)?)", re.IGNORECASE
)


def flaw(text: str) -> str | None:
    """Return what is wrong with a text as EWKT, or None if the registry may accept it.

    Example:
        >>> flaw("SRID=4326;POINT(145 -16)"), flaw("POINT(145 -16)")
        (None, 'is not EWKT (SRID=4326;POINT(145 -16))')
        >>> flaw("SRID=4326;POLYGON((0 0, 1 0, 1 1))")
        'is not EWKT: a ring must end at the point where it begins'
    """
    found = _EWKT.match(text)
    if found is None:
        return "is not EWKT (SRID=4326;POINT(145 -16))"
    wrong = _geometry_flaw(found[2])
    return None if wrong is None else f"is not EWKT: {wrong}"


def meant(text: str) -> str | None:
    """Return the EWKT that a text most likely means: well-known text without an SRID, in WGS 84; None if unclear.

    Example:
        >>> meant("POINT(145 -16)"), meant("Great Barrier Reef")
        ('SRID=4326;POINT(145 -16)', None)
    """
    text = text.strip()
    found = _ALMOST_EWKT.match(text)
    candidate = f"SRID={found[1]};{found[2]}" if found else f"SRID=4326;{text}"
    return candidate if candidate != text and flaw(candidate) is None else None


def point(longitude: float, latitude: float) -> str:
    """Return a point as EWKT.

    Example:
        >>> point(145, -16.5)
        'SRID=4326;POINT(145 -16.5)'
    """
    _in_range((longitude,), (latitude,))
    return f"SRID=4326;POINT({longitude:.10g} {latitude:.10g})"


def box(bounds: Sequence[float]) -> str:
    """Return a box as EWKT; one of no width or height becomes a point.

    Args:
        bounds: West, south, east and north, in degrees; west is greater than east across the date line.

    Raises:
        ValueError: These are not four numbers, or not in range.

    Example:
        >>> box((145, -17, 146, -16))
        'SRID=4326;POLYGON((145 -17, 146 -17, 146 -16, 145 -16, 145 -17))'
    """
    if len(bounds) != 4:
        raise ValueError(f"got {len(bounds)} numbers")
    west, south, east, north = bounds
    _in_range((west, east), (south, north))
    if south > north:
        raise ValueError(f"south, {south}, is more than north, {north}")
    if (west, south) == (east, north):
        return point(west, south)
    if west <= east:
        return f"SRID=4326;POLYGON({_ring(west, south, east, north)})"
    parts = (_ring(west, south, 180, north), _ring(-180, south, east, north))
    return "SRID=4326;MULTIPOLYGON(" + ", ".join(f"({part})" for part in parts) + ")"


def _ring(west: float, south: float, east: float, north: float) -> str:
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return "(" + ", ".join(f"{x:.10g} {y:.10g}" for x, y in corners) + ")"


def _in_range(longitudes: Sequence[float], latitudes: Sequence[float]) -> None:
    for most, values in ((180, longitudes), (90, latitudes)):
        for value in values:
            if not abs(value) <= most:
                raise ValueError(f"{value} is not between -{most} and {most}")


def _geometry_flaw(text: str) -> str | None:
    kind = _BEGINNING.match(text)
    name = kind[1].upper() if kind else ""
    if name.removesuffix("ZM").removesuffix("Z").removesuffix("M") not in _KINDS and name not in _KINDS:
        return "after the SRID comes a geometry such as POINT(145 -16)"
    if not _balanced(text):
        return "its brackets do not match"
    return None if name not in _KINDS or name in _NOT_LOOKED_INTO else _points_flaw(name, text)


def _same(one: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether two points are the same on the map, or have numbers of an unusual kind."""
    try:
        return [*map(float, one[:2])] == [*map(float, other[:2])]
    except ValueError:
        return True


def _balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return False
    return depth == 0


def _points_flaw(name: str, text: str) -> str | None:
    for run in _RUN.findall(text):
        if run.strip().upper() == "EMPTY":
            continue
        points = [point.split() for point in run.split(",")]
        if not all(_NUMBER.fullmatch(number) for point in points for number in point):
            return "a coordinate is not a number"
        if any(len(point) < 2 for point in points):
            return "a point needs longitude and latitude"
        if name in _RINGS and (len(points) < 3 or not _same(points[0], points[-1])):
            return "a ring must end at the point where it begins"
    return None
