"""A minimal parser of well-known text (WKT)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

_TOKEN = re.compile(r"\s*([A-Za-z]+|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[(),])")
_LEAST_RING = 4
# For each geometry: nesting depth of the brackets around its points, and the fewest points of a run.
_SHAPES = {
    "POINT": (1, 1),
    "LINESTRING": (1, 2),
    "POLYGON": (2, _LEAST_RING),
    "MULTIPOINT": (1, 1),
    "MULTILINESTRING": (2, 2),
    "MULTIPOLYGON": (3, _LEAST_RING),
}


def is_wkt(text: str) -> bool:
    """Return whether ``text`` is a geometry; rings must close.

    Example:
        >>> is_wkt("POLYGON((0 0, 1 0, 1 1, 0 0))"), is_wkt("POLYGON((0 0, 1 1))")
        (True, False)
    """
    try:
        tokens = _tokens(text.strip())
        _geometry(tokens)
        return next(tokens, None) is None
    except (ValueError, StopIteration):
        return False


def _tokens(text: str) -> Iterator[str]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise ValueError(text[place])
        place = found.end()
        yield found[1].upper()


def _geometry(tokens: Iterator[str]) -> None:
    kind = next(tokens)
    if kind == "GEOMETRYCOLLECTION":
        _expect(tokens, "(")
        separator = ","
        while separator == ",":
            _geometry(tokens)
            separator = next(tokens)
        if separator != ")":
            raise ValueError(separator)
        return
    if kind not in _SHAPES:
        raise ValueError(kind)
    depth, least = _SHAPES[kind]
    _expect(tokens, "(")
    if kind == "MULTIPOINT":  # brackets around its points are optional
        first = next(tokens)
        depth, tokens = 1 + (first == "("), chain([first], tokens)
    _nested(tokens, depth, least, closed=least == _LEAST_RING)


def _expect(tokens: Iterator[str], wanted: str) -> None:
    if next(tokens) != wanted:
        raise ValueError(wanted)


def _nested(tokens: Iterator[str], depth: int, least: int, *, closed: bool) -> None:
    if depth == 1:
        _run(tokens, least, closed=closed)
        return
    separator = ","
    while separator == ",":
        _expect(tokens, "(")
        _nested(tokens, depth - 1, least, closed=closed)
        separator = next(tokens)
    if separator != ")":
        raise ValueError(separator)


def _run(tokens: Iterator[str], least: int, *, closed: bool) -> None:
    points: list[tuple[float, ...]] = []
    numbers: list[float] = []
    for token in tokens:
        if token in (",", ")"):
            if not 2 <= len(numbers) <= 4:
                raise ValueError(token)
            points.append(tuple(numbers))
            numbers = []
            if token == ")":
                break
        else:
            numbers.append(float(token))
    else:
        raise ValueError("(")
    if len(points) < least or (closed and points[0] != points[-1]):
        raise ValueError(str(points))
