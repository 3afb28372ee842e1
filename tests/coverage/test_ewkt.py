"""Extended well-known text: what is read, what is refused, and that the sandbox's own parser agrees."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.coverage.ewkt import MOST_CHARACTERS, EwktError, Geometry, parse
from provena_sdk.sandbox.metadata.wkt import is_wkt

numbers = st.floats(-1e6, 1e6).map(lambda value: round(value, 4))
positions = st.tuples(numbers, numbers)
lines = st.lists(positions, min_size=2, max_size=6).map(tuple)
rings = st.lists(positions, min_size=3, max_size=6).map(lambda found: (*found, found[0]))
polygons = st.lists(rings, min_size=1, max_size=3).map(tuple)


def run(line: Any) -> str:
    return f"({', '.join(f'{x!r} {y!r}' for x, y in line)})"


def several(parts: Any, write: Any) -> str:
    return f"({', '.join(map(write, parts))})"


def written(geometry: Geometry) -> str:
    """The well-known text of a geometry."""
    match geometry.kind:
        case "Point" | "MultiPoint":
            return f"{geometry.kind}{run(geometry.points)}"
        case "LineString":
            return f"LINESTRING {run(geometry.lines[0])}"
        case "MultiLineString":
            return f"MultiLineString {several(geometry.lines, run)}"
        case "Polygon":
            return f"POLYGON{several(geometry.polygons[0], run)}"
        case "MultiPolygon":
            return f"MULTIPOLYGON {several(geometry.polygons, lambda polygon: several(polygon, run))}"
    members = [
        *(f"POINT{run([point])}" for point in geometry.points),
        *(f"LINESTRING{run(line)}" for line in geometry.lines),
        *(f"POLYGON{several(polygon, run)}" for polygon in geometry.polygons),
    ]
    return f"GEOMETRYCOLLECTION({', '.join(members)})"


def is_ewkt(text: str) -> bool:
    try:
        parse(text)
    except EwktError:
        return False
    return True


geometries = st.one_of(
    st.builds(Geometry, st.just("Point"), points=st.tuples(positions)),
    st.builds(Geometry, st.just("MultiPoint"), points=st.lists(positions, min_size=1, max_size=4).map(tuple)),
    st.builds(Geometry, st.just("LineString"), lines=st.tuples(lines)),
    st.builds(Geometry, st.just("MultiLineString"), lines=st.lists(lines, min_size=1, max_size=3).map(tuple)),
    st.builds(Geometry, st.just("Polygon"), polygons=st.tuples(polygons)),
    st.builds(
        Geometry, st.just("MultiPolygon"), polygons=st.lists(polygons, min_size=1, max_size=3).map(tuple)
    ),
    st.builds(
        Geometry,
        st.just("GeometryCollection"),
        points=st.tuples(positions),
        lines=st.lists(lines, max_size=2).map(tuple),
        polygons=st.lists(polygons, max_size=2).map(tuple),
    ),
)


@given(geometries)
def test_what_is_written_is_read(geometry: Geometry) -> None:
    assert parse(f"SRID=4326;{written(geometry)}") == geometry
    assert is_wkt(written(geometry))


@given(geometries, st.data())
def test_a_damaged_text_is_refused_where_the_sandbox_refuses_it(
    geometry: Geometry, data: st.DataObject
) -> None:
    text = written(geometry)
    place = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 4))
    damaged = text[:place] + data.draw(st.text("(),; 1-.P", max_size=3)) + text[place + length :]
    assert is_ewkt(f"SRID=4326;{damaged}") == is_wkt(damaged)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert is_ewkt(text) in (True, False)
    assert is_ewkt(f"SRID=4326;{text}") in (True, False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("POINT(1 2)", "must start with 'SRID='"),
        ("SRID=4326;CIRCLE(1 2)", "at character 11: expected a geometry: POINT"),
        ("SRID=4326;POLYGON((1 2, 3 4))", "a ring needs at least 4 points, not 2"),
        ("SRID=4326;POLYGON((1 2, 3 4, 5 6, 7 8))", "a ring must end where it starts"),
        ("SRID=4326;LINESTRING(1 2)", "a line needs at least 2 points, not 1"),
        ("SRID=4326;POINT(1)", "a position has two to four numbers, not 1"),
        ("SRID=4326;POINT(1 2, 3 4)", "a point has one position"),
        ("SRID=4326;POINT(1 2) POINT(1 2)", "at character 22: expected the end of the text"),
        ("SRID=4326;POINT(1 2;", "a character that has no meaning here"),
        ("SRID=4326;POINT(1e400 2)", "a number out of range"),
        ("SRID=4326;", "expected a geometry"),
        (f"SRID=4326;{'GEOMETRYCOLLECTION(' * 100}", "nested too deeply"),
        ("SRID=4326;" + " " * MOST_CHARACTERS, "longer than 50,000 characters"),
    ],
)
def test_a_refusal_says_where_and_why(text: str, message: str) -> None:
    with pytest.raises(EwktError) as caught:
        parse(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "POINT Z (1 2 3)",
        "POINT(1 2 3)",
        "POINT ZM (1 2 3 4)",
        "point(1 2)",
        "POINT M(1 2 9)",
        "POINTZ(1 2 3)",
    ],
)
def test_heights_and_measures_are_skipped(text: str) -> None:
    assert parse(f"SRID=4326;{text}").points == ((1.0, 2.0),)


def test_an_empty_geometry_has_no_parts() -> None:
    assert list(parse("SRID=4326;MULTIPOLYGON EMPTY").parts()) == []


def test_reading_takes_linear_time() -> None:
    ring = ", ".join(f"{number} 0" for number in range(5_000))
    found = parse(f"SRID=4326;POLYGON(({ring}, 0 0))")
    assert len(found.polygons[0][0]) == 5_001
    assert all(b[0] - a[0] == 1 for a, b in pairwise(found.polygons[0][0][:-1]))
