"""Maps and timelines: what they show, in pictures and in words."""

from __future__ import annotations

import re
from datetime import date
from itertools import accumulate
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.coverage.extent import Extent
from provena_sdk.display.pictures.map import MOST_SHAPES, Outline, map_picture
from provena_sdk.display.pictures.picture import Picture
from provena_sdk.display.pictures.timeline import MOST_BARS, Bar, timeline

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "<script>alert(1)</script>\"'&\x1b[2J\u202e" + "x" * 10_000


def drawn(picture: Picture) -> ElementTree.Element:
    """The picture's root, read as XML."""
    return ElementTree.fromstring(picture.svg)


def titles(picture: Picture) -> list[str]:
    return [element.text or "" for element in drawn(picture).iter(f"{SVG}title")][1:]


def reef(ewkt: str = "POLYGON((145 -25, 155 -25, 155 -10, 145 -10, 145 -25))") -> list[Outline]:
    return Extent.from_ewkt(f"SRID=4326;{ewkt}").outlines("Reef")


def test_a_map_shows_each_shape_once() -> None:
    picture = map_picture([*reef(), *reef("POINT(150 -20)"), *reef("LINESTRING(140 -20, 150 -22)")])
    assert str(picture).splitlines() == [
        "145°E to 155°E, 25°S to 10°S  Reef",
        "150°E, 20°S  Reef",
        "140°E to 150°E, 22°S to 20°S  Reef",
    ]
    assert sorted(titles(picture)) == sorted(
        f"Reef: {line.removesuffix('  Reef')}" for line in str(picture).splitlines()
    )
    assert len(list(drawn(picture).iter(f"{SVG}circle"))) == 1


def test_a_small_area_is_marked_like_a_point() -> None:
    picture = map_picture(reef("POLYGON((145 -25, 145.1 -25, 145.1 -24.9, 145 -25))"))
    assert len(list(drawn(picture).iter(f"{SVG}circle"))) == 1


@pytest.mark.parametrize(
    "ewkt",
    [
        "POLYGON((177 -20, -178 -20, -178 -15, 177 -15, 177 -20))",
        "POLYGON((-180 -90, 180 -90, 180 90, -180 90, -180 -90))",
        "POLYGON((0 -80, 360 -80, 360 80, 0 80, 0 -80))",
        "POINT(0 90)",
        "POINT(-180 -90)",
        "MULTIPOINT((-179 0), (1 0))",
    ],
)
def test_shapes_lie_within_the_picture(ewkt: str) -> None:
    picture = map_picture(reef(ewkt))
    found = drawn(picture)
    for circle in found.iter(f"{SVG}circle"):
        assert 0 <= float(circle.attrib["cx"]) <= picture.width
        assert 0 <= float(circle.attrib["cy"]) <= picture.height
    ways = [path.attrib["d"] for path in found.iter(f"{SVG}path") if path.find(f"{SVG}title") is not None]
    for way in ways:
        steps = [tuple(map(float, step)) for step in re.findall(r"([-\d.]+) ([-\d.]+)", way)]
        places = accumulate(steps, lambda place, step: (place[0] + step[0], place[1] + step[1]))
        assert all(-1 <= x <= picture.width + 1 and -1 <= y <= picture.height + 1 for x, y in places), way


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=5))
def test_any_points_can_be_drawn(points: list[tuple[float, float]]) -> None:
    text = ", ".join(f"({x!r} {y!r})" for x, y in points)
    picture = map_picture(reef(f"MULTIPOINT({text})"))
    assert len(list(drawn(picture).iter(f"{SVG}circle"))) == len(points)


@given(st.lists(st.tuples(st.dates(), st.dates()).map(sorted), min_size=1, max_size=5))
def test_any_times_can_be_drawn(spans: list[list[date]]) -> None:
    picture = timeline([Bar("x", begin, end) for begin, end in spans])
    bars = list(drawn(picture).iter(f"{SVG}rect"))
    assert len(bars) == len(spans)
    for bar in bars:
        assert (
            0
            <= float(bar.attrib["x"])
            <= float(bar.attrib["x"]) + float(bar.attrib["width"])
            <= picture.width
        )


def test_a_timeline_has_an_axis_of_years_or_months() -> None:
    years = timeline([Bar("Reef", date(2012, 3, 1), date(2024, 12, 31))])
    assert "2010" in "".join(drawn(years).itertext())
    months = timeline([Bar("Reef", date(2024, 3, 1), date(2024, 5, 31))])
    assert "2024-03" in "".join(drawn(months).itertext())
    assert str(years) == "2012-03-01 to 2024-12-31  Reef"


def test_nothing_to_show_is_said() -> None:
    for picture, words in ((map_picture([]), "no places"), (timeline([]), "no times")):
        assert str(picture) == words
        assert f"{words[3:]} are known" in picture.svg


def test_many_are_bounded_and_counted() -> None:
    shapes = reef("POINT(150 -20)") * (MOST_SHAPES + 2)
    bars = [Bar("x", date(2024, 1, 1), date(2024, 2, 1))] * (MOST_BARS + 2)
    for picture in (map_picture(shapes), timeline(bars)):
        assert "… and 2 more" in picture.svg
        assert str(picture).endswith("… and 2 more")


def test_a_large_outline_becomes_a_small_picture() -> None:
    ring = ", ".join(f"{150 + number / 2500:g} {-20 - number % 7 / 2500:g}" for number in range(2500))
    assert len(map_picture(reef(f"POLYGON(({ring}, 150 -20))")).svg) < 10_000


def test_labels_are_escaped() -> None:
    outline = Outline("point", (((150.0, -20.0),),), EVIL)
    for picture in (
        map_picture([outline], title=EVIL),
        timeline([Bar(EVIL, date.min, date.max)], title=EVIL),
    ):
        assert "script" not in {element.tag.removeprefix(SVG) for element in drawn(picture).iter()}
        assert all(line.isprintable() for line in str(picture).splitlines())
        assert repr(picture).isprintable()
        assert len(repr(picture)) <= 200
        assert len(picture.svg) < 40_000


def test_a_picture_is_saved_and_shown(tmp_path: Path) -> None:
    picture = map_picture(reef())
    path = picture.save(tmp_path / "map.svg")
    assert path.read_text("utf-8") == picture.svg
    for name in ("map.png", "map.pdf"):
        with pytest.raises(ValueError, match=r"\.svg.*plot\(\).*savefig"):
            picture.save(tmp_path / name)
        assert not (tmp_path / name).exists()
    assert "prefers-color-scheme" in picture.svg
    assert "prefers-color-scheme" not in picture._repr_html_()
    for word in ("<script", "href", "url("):
        assert word not in picture._repr_html_()
