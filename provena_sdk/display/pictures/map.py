"""Draw points, lines and areas on a small map."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final, Literal, NamedTuple

from provena_sdk.display.pictures.clipping import Box, Point, clipped_ring
from provena_sdk.display.pictures.coastlines import land
from provena_sdk.display.pictures.degrees import box_in_words, latitude, longitude, western_end
from provena_sdk.display.pictures.picture import Picture
from provena_sdk.display.text import printable

MOST_SHAPES: Final = 500
"""Most shapes that a map shows; the number of the others follows."""

_WIDTH: Final = 360.0
_HEIGHT: Final = 200.0
_ROOM: Final = 1.7
"""How many times the extent of the shapes the map shows, so that coasts around them tell where it is."""

_LEAST_HEIGHT: Final = 22.0
"""Fewest degrees of latitude that a map shows."""

_GRID: Final = (1, 2, 5, 10, 20, 30, 60)
_MOST_LINES: Final = 6
_SMALL: Final = 7.0
_COLOUR: Final = "#d0602f"


@dataclass(frozen=True, slots=True)
class Outline:
    """A shape on a map.

    Attributes:
        kind: ``point``, ``line`` or ``area``.
        lines: Longitudes and latitudes: one point, one line, or the outer ring and the holes of an area. East of the
            date line, longitudes exceed 180.
        label: What it stands for.
    """

    kind: Literal["point", "line", "area"]
    lines: tuple[tuple[Point, ...], ...]
    label: str = ""

    def moved(self, offset: float) -> Outline:
        """Return it moved eastwards by so many degrees."""
        lines = tuple(tuple((x + offset, y) for x, y in line) for line in self.lines)
        return Outline(self.kind, lines, self.label) if offset else self

    def box(self) -> Box:
        """Return its west, south, east and north."""
        longitudes, latitudes = zip(*self.lines[0], strict=True)
        return min(longitudes), min(latitudes), max(longitudes), max(latitudes)


class View(NamedTuple):
    """The part of the world that a map shows, and its pixels per degree."""

    west: float
    north: float
    across: float
    down: float
    width: float
    height: float

    def place(self, point: Point) -> tuple[float, float]:
        """Return the pixels of a longitude and latitude."""
        return (point[0] - self.west) * self.across, (self.north - point[1]) * self.down

    @property
    def box(self) -> Box:
        """West, south, east and north."""
        return (
            self.west,
            self.north - self.height / self.down,
            self.west + self.width / self.across,
            self.north,
        )


def map_picture(shapes: Sequence[Outline], *, title: str = "") -> Picture:
    """Draw a map of shapes, with the coasts around them.

    Args:
        shapes: The shapes.
        title: What they are; by default where.

    Example:
        >>> print(map_picture([Outline("point", (((145.0, -16.0),),), "Reef")]))
        145°E, 16°S  Reef
    """
    shown = shapes[:MOST_SHAPES]
    rest = len(shapes) - len(shown)
    note = f"… and {rest:,} more" if rest else ""
    if not shown:
        words = "no places"
        return Picture(
            title or words, _WIDTH, 24, '<text y="16" font-size="11">No places are known.</text>', words
        )
    moved = together(shown)
    view = view_of(moved)
    content = [
        f'<svg x="0" y="0" width="{view.width:.0f}" height="{view.height:.0f}">',
        *_coasts(view),
        *_grid(view),
        *_shapes(view, moved),
        "</svg>",
        f'<rect x=".5" y=".5" width="{view.width - 1:.0f}" height="{view.height - 1:.0f}" rx="4" fill="none" '
        'stroke="#808080" stroke-opacity=".5"/>',
        f'<text x="0" y="{view.height + 14:.0f}" font-size="11">{note}</text>' if note else "",
    ]
    lines = [f"{box_in_words(shape.box())}  {printable(shape.label, 80)}".rstrip() for shape in shown]
    height = view.height + (20 if note else 0)
    text = "\n".join(filter(None, [*lines, note]))
    return Picture(title or box_in_words(_whole(moved)), view.width, height, "".join(content), text)


def together(shapes: Sequence[Outline]) -> list[Outline]:
    """Return the shapes moved by whole turns, so that together they span as little as possible."""
    spans = [(box[0], box[2]) for box in (shape.box() for shape in shapes)]
    west = western_end(spans)
    return [shape.moved(-360 * ((span[0] - west) // 360)) for shape, span in zip(shapes, spans, strict=True)]


def _shapes(view: View, shapes: Sequence[Outline]) -> Iterator[str]:
    """Draw the largest first, so that none hides another; at both ends of a map of the world if need be."""
    west, _, east, _ = view.box
    boxed = [(shape, shape.box()) for shape in shapes]
    boxed.sort(key=lambda pair: (pair[1][0] - pair[1][2]) * (pair[1][3] - pair[1][1]))
    for shape, box in boxed:
        for turn in (-360, 0, 360):
            if (box[0] + turn < east and west < box[2] + turn) or turn == 0:
                moved = shape.moved(turn)
                yield _drawn(view, moved, moved.box())


def _whole(shapes: Sequence[Outline]) -> Box:
    west, south, east, north = zip(*(shape.box() for shape in shapes), strict=True)
    return min(west), min(south), max(east), max(north)


def view_of(shapes: Sequence[Outline]) -> View:
    """Return the part of the world to show, which has the shapes with some room around them; all of it without any."""
    west, south, east, north = _whole(shapes) if shapes else (-180.0, -90.0, 180.0, 90.0)
    middle = (south + north) / 2
    squeeze = max(0.35, math.cos(math.radians(middle)))
    scale = _HEIGHT / max(_LEAST_HEIGHT, (north - south) * _ROOM)
    scale = min(scale, _WIDTH / max(1e-9, (east - west) * _ROOM * squeeze))
    degrees = _WIDTH / (scale * squeeze)
    if degrees >= 300 or _HEIGHT / scale >= 150:
        start = -180.0 if west >= -180 and east <= 180 else (west + east) / 2 - 180
        return View(start, 90.0, _WIDTH / 360, _WIDTH / 360, _WIDTH, _WIDTH / 2)
    top = min(90.0, max(middle + _HEIGHT / scale / 2, _HEIGHT / scale - 90))
    return View((west + east) / 2 - degrees / 2, top, scale * squeeze, scale, _WIDTH, _HEIGHT)


def _coasts(view: View) -> Iterator[str]:
    west, south, east, north = view.box
    pieces = []
    for ring in land():
        for turn in (-360, 0, 360):
            moved = [(x + turn, y) for x, y in ring]
            part = clipped_ring(moved, (west - 1, south - 1, east + 1, north + 1))
            if part:
                pieces.append(_way(map(view.place, part), closed=True, least=1.0))
    if pieces:
        yield f'<path d="{"".join(pieces)}" fill="#808080" fill-opacity=".28" stroke="#808080" stroke-width=".6"/>'


def _grid(view: View) -> Iterator[str]:
    west, south, east, north = view.box
    step = next((step for step in _GRID if (east - west) / step <= _MOST_LINES), _GRID[-1])
    for meridian in range(math.ceil(west / step) * step, math.ceil(east), step):
        x, _ = view.place((meridian, 0))
        yield _grid_line(f"M{x:.1f} 0V{view.height:.0f}", longitude(meridian), x + 2, view.height - 4)
    for parallel in range(math.ceil(south / step) * step, math.ceil(north), step):
        _, y = view.place((0, parallel))
        yield _grid_line(f"M0 {y:.1f}H{view.width:.0f}", latitude(parallel), 3, y - 2)


def _grid_line(way: str, words: str, x: float, y: float) -> str:
    return (
        f'<path d="{way}" stroke="#808080" stroke-opacity=".35" stroke-width=".6" fill="none"/>'
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="8.5" fill-opacity=".65">{words}</text>'
    )


def _drawn(view: View, shape: Outline, box: Box) -> str:
    left, top = view.place((box[0], box[3]))
    right, bottom = view.place((box[2], box[1]))
    words = box_in_words(box)
    title = f"<title>{escape(printable(f'{shape.label}: {words}' if shape.label else words))}</title>"
    if right - left < _SMALL and bottom - top < _SMALL:
        centre = f'cx="{(left + right) / 2:.1f}" cy="{(top + bottom) / 2:.1f}"'
        return (
            f'<circle {centre} r="4" fill="{_COLOUR}" fill-opacity=".75" stroke="{_COLOUR}">{title}</circle>'
        )
    closed = shape.kind == "area"
    way = "".join(_way(map(view.place, line), closed=closed) for line in shape.lines)
    is_vast = (right - left) * (bottom - top) > view.width * view.height / 2
    opacity = ".1" if is_vast else ".25"
    fill = f'fill="{_COLOUR}" fill-opacity="{opacity}" fill-rule="evenodd"' if closed else 'fill="none"'
    return f'<path d="{way}" {fill} stroke="{_COLOUR}" stroke-width="1.5">{title}</path>'


def _way(places: Iterable[Point], *, closed: bool, least: float = 0.5) -> str:
    """Return a path in steps; places less than so many pixels from the one before are skipped."""
    first, *others = places
    x, y = round(first[0], 1), round(first[1], 1)
    steps = []
    for place in others:
        if math.dist((x, y), place) >= least:
            across, down = round(place[0] - x, 1), round(place[1] - y, 1)
            steps.append(f"{across:g} {down:g}")
            x, y = x + across, y + down
    return f"M{first[0]:.1f} {first[1]:.1f}{'l' if steps else ''}{' '.join(steps)}{'z' if closed else ''}"
