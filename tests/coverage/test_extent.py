"""Extents: bounds, the date line, GeoJSON and boxes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.coverage import date_line
from provena_sdk.coverage.extent import Extent
from provena_sdk.display.pictures.clipping import clipped_ring


def box(west: float, south: float, east: float, north: float) -> str:
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return f"SRID=4326;POLYGON(({', '.join(f'{x} {y}' for x, y in corners)}))"


def longitudes(found: Any) -> list[float]:
    """All longitudes in a GeoJSON geometry's coordinates."""
    if isinstance(found[0], int | float):
        return [found[0]]
    return [x for part in found for x in longitudes(part)]


@pytest.mark.parametrize(
    ("text", "bounds", "words"),
    [
        ("SRID=4326;POINT(145.5 -16.25)", (145.5, -16.25, 145.5, -16.25), "145.5°E, 16.25°S"),
        (box(145, -25, 155, -10), (145, -25, 155, -10), "145°E to 155°E, 25°S to 10°S"),
        (box(177, -20, -178, -15), (177, -20, -178, -15), "177°E to 178°W, 20°S to 15°S"),
        (box(177, -20, 182, -15), (177, -20, -178, -15), "177°E to 178°W, 20°S to 15°S"),
        (box(181, 0, 190, 5), (-179, 0, -170, 5), "179°W to 170°W, 0° to 5°N"),
        (box(-180, -90, 180, 90), (-180, -90, 180, 90), "all longitudes, 90°S to 90°N"),
        (box(0, -80, 360, 80), (-180, -80, 180, 80), "all longitudes, 80°S to 80°N"),
        (
            box(-179.5, -89.5, 179.5, 89.5),
            (-179.5, -89.5, 179.5, 89.5),
            "179.5°W to 179.5°E, 89.5°S to 89.5°N",
        ),
        (
            "SRID=4326;MULTIPOLYGON(((170 0, 180 0, 180 5, 170 5, 170 0)), ((-180 0, -170 0, -170 5, -180 5, -180 0)))",
            (170, 0, -170, 5),
            "170°E to 170°W, 0° to 5°N",
        ),
        ("SRID=4326;MULTIPOINT((115 -30), (-120 40))", (115, -30, -120, 40), "115°E to 120°W, 30°S to 40°N"),
        ("SRID=7844;POINT(145 -16)", (145, -16, 145, -16), "145°E, 16°S"),
    ],
)
def test_bounds_and_words(text: str, bounds: tuple[float, ...], words: str) -> None:
    extent = Extent.from_ewkt(text)
    assert extent.bounds == bounds
    assert str(extent) == words
    assert repr(extent) == f"<Extent {words}>"
    west, south, east, north = bounds
    assert extent.intersects((west, south, east, north))


def test_web_mercator_becomes_degrees() -> None:
    extent = Extent.from_ewkt("SRID=3857;POINT(16197925.6 -1804780.0)")
    assert (round(extent.west, 3), round(extent.south, 3)) == (145.508, -16.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SRID=28355;POINT(334873 6252266)", "EPSG:28355 is not in degrees"),
        ("SRID=4326;POINT(334873 6252266)", "out of range"),
        ("SRID=4326;POINT(10 91)", "out of range"),
        ("SRID=4326;POINT EMPTY", "the geometry is empty"),
        ("POINT(1 2)", "must start with 'SRID='"),
    ],
)
def test_what_is_not_on_the_globe_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Extent.from_ewkt(text)


def test_geojson_is_cut_at_the_date_line() -> None:
    extent = Extent.from_ewkt(box(177, -20, -178, -15))
    found = extent.__geo_interface__
    assert extent.crosses_date_line
    assert found["type"] == "MultiPolygon"
    assert [sorted(set(longitudes(polygon))) for polygon in found["coordinates"]] == [
        [177, 180],
        [-180, -178],
    ]
    assert all(ring[0] == ring[-1] for polygon in found["coordinates"] for ring in polygon)


def test_a_hole_stays_a_hole() -> None:
    text = "SRID=4326;POLYGON((0 0, 9 0, 9 9, 0 9, 0 0), (2 2, 4 2, 4 4, 2 4, 2 2))"
    assert len(Extent.from_ewkt(text).to_geojson()["coordinates"]) == 2


def test_a_collection_keeps_its_parts() -> None:
    found = Extent.from_ewkt("SRID=4326;GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(1 2, 3 4))").to_geojson()
    assert [part["type"] for part in found["geometries"]] == ["Point", "LineString"]


@pytest.mark.parametrize(
    ("bounds", "meets"),
    [
        ((150, -20, 160, -15), True),
        ((100, -20, 145, -15), True),
        ((100, -20, 144, -15), False),
        ((150, -5, 160, 0), False),
        ((170, -90, 150, 90), True),
        ((170, -90, 140, 90), False),
        ((-215, -20, -200, -15), True),
        ((-180, -90, 180, 90), True),
    ],
)
def test_boxes_meet(bounds: tuple[float, float, float, float], meets: bool) -> None:
    assert Extent.from_ewkt(box(145, -25, 155, -10)).intersects(bounds) is meets


def test_a_box_between_two_parts_meets_neither() -> None:
    extent = Extent.from_ewkt("SRID=4326;MULTIPOINT((100 0), (150 0))")
    assert not extent.intersects((110, -10, 140, 10))
    assert extent.intersects((90, -10, 110, 10))


@given(st.integers(-180, 179), st.integers(1, 170), st.integers(-89, 88), st.integers(1, 29))
def test_a_box_keeps_its_width_wherever_it_lies(west: int, width: int, south: int, height: int) -> None:
    north = min(90, south + height)
    east = west + width
    extent = Extent.from_ewkt(box(west, south, east if east <= 180 else east - 360, north))
    assert extent.east - extent.west == width
    assert -180 <= extent.west < 180
    assert extent.crosses_date_line == (west < 180 < east)
    geometry = extent.to_geojson()
    assert all(-180 <= x <= 180 for x in longitudes(geometry["coordinates"]))
    assert extent.intersects(extent.bounds)


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=2, max_size=8))
def test_any_line_is_cut_into_lines_on_the_globe(points: list[tuple[float, float]]) -> None:
    text = f"SRID=4326;LINESTRING({', '.join(f'{x!r} {y!r}' for x, y in points)})"
    found = Extent.from_ewkt(text).to_geojson()["coordinates"]
    assert all(-180 <= x <= 180 for x in longitudes(found))


def test_a_ring_that_winds_on_and_on_is_cut_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def clipped(ring: Any, box: Any) -> Any:
        calls.append(len(ring))
        return clipped_ring(ring, box)

    monkeypatch.setattr(date_line, "clipped_ring", clipped)
    winding = ",".join(f"{(170 * step + 180) % 360 - 180} {step % 2}" for step in range(8_300))
    assert 45_000 < len(winding) < 49_900
    found = Extent.from_ewkt(f"SRID=4326;POLYGON(({winding},0 0))").to_geojson()
    assert all(-180 <= x <= 180 for x in longitudes(found["coordinates"]))
    assert len(calls) <= 4


def test_many_holes_measure_the_outer_ring_once(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[int] = []
    span = date_line._span

    def counted(line: Any) -> tuple[float, float]:
        measured.append(len(line))
        return span(line)

    monkeypatch.setattr(date_line, "_span", counted)
    outer = ",".join(f"{step % 90} {step % 45}" for step in range(1, 4000))
    holes = ",".join(["(1 1,2 1,2 2,1 1)"] * 1000)
    Extent.from_ewkt(f"SRID=4326;POLYGON((0 0,{outer},0 0),{holes})")
    assert sum(measured) < 100_000
