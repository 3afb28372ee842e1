"""Cut rings to a rectangle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]
Box: TypeAlias = tuple[float, float, float, float]
"""West, south, east and north."""


def clipped_ring(ring: Sequence[Point], box: Box) -> tuple[Point, ...]:
    """Return the part of a closed ring within a box, as a closed ring along the box's edges; empty if there is none.

    Example:
        >>> clipped_ring([(0, 0), (4, 0), (4, 4), (0, 4), (0, 0)], (2, -9, 9, 9))
        ((2.0, 0.0), (4, 0), (4, 4), (2.0, 4.0), (2.0, 0.0))
    """
    west, south, east, north = box
    found = list(ring[:-1])
    for axis, limit, sign in ((0, west, 1), (0, east, -1), (1, south, 1), (1, north, -1)):
        found = _half(found, axis, limit, sign)
    return (*found, found[0]) if len(found) > 2 else ()


def _half(ring: list[Point], axis: int, limit: float, sign: int) -> list[Point]:
    def inside(point: Point) -> bool:
        return (point[axis] - limit) * sign >= 0

    return _kept(ring, inside, lambda a, b: _crossing(a, b, axis, limit))


def _kept(
    ring: list[Point], inside: Callable[[Point], bool], crossing: Callable[[Point, Point], Point]
) -> list[Point]:
    found: list[Point] = []
    for before, point in zip([*ring[-1:], *ring[:-1]], ring, strict=True):
        if inside(point) != inside(before):
            met = crossing(before, point)
            if not found or found[-1] != met:
                found.append(met)
        if inside(point) and (not found or found[-1] != point):
            found.append(point)
    return found


def _crossing(a: Point, b: Point, axis: int, limit: float) -> Point:
    share = (limit - a[axis]) / (b[axis] - a[axis])
    other = 1 - axis
    value = a[other] + share * (b[other] - a[other])
    return (float(limit), value) if axis == 0 else (value, float(limit))
