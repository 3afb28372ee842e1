"""The picture is valid, escapes all text, reads in light and dark, and says what it leaves out."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.display.pictures.text_width import clipped, shortened, text_width, wrapped
from provena_sdk.lineage import Edge, Lineage, Node
from provena_sdk.lineage.picture import MOST_NODES
from tests.lineage.graphs import START, story

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def boxes(svg: str) -> list[ElementTree.Element]:
    """The groups of the nodes."""
    return [
        group
        for group in ElementTree.fromstring(svg).iter(f"{SVG}g")
        if group.find(f"{SVG}title") is not None
    ]


@pytest.mark.parametrize("inputs", [0, 2, 20])
def test_it_names_every_item_and_relation(inputs: int) -> None:
    lineage = story(inputs)
    svg = lineage.to_svg()
    titles = [str(box.findtext(f"{SVG}title")) for box in boxes(svg)]
    assert titles == [f"{node.label} ({node.kind_in_words}, {node.id})" for node in lineage]
    assert {edge.relation for edge in lineage.edges} <= set(texts(svg))
    assert "Arrows point from the younger item to the older, which is further to the left." in texts(svg)


def test_beyond_fifty_items_it_shows_the_nearest_and_says_how_many_are_left_out() -> None:
    lineage = story(60)
    svg = lineage.to_svg()
    assert len(boxes(svg)) == MOST_NODES
    assert f"14 more items are left out; shown are the 50 nearest to {START}." in texts(svg)
    assert not [text for text in texts(story(46).to_svg()) if "left out" in text]


def test_a_deep_lineage_runs_downwards() -> None:
    nodes = [Node(f"10378.1/{number}", "ENTITY", "DATASET", f"Step {number}") for number in range(12)]
    edges = [Edge(nodes[n + 1].id, "wasDerivedFrom", nodes[n].id) for n in range(11)]
    svg = Lineage("Upstream", nodes[-1].id, nodes, edges).to_svg()
    root = ElementTree.fromstring(svg)
    assert float(root.attrib["width"]) < 600 < float(root.attrib["height"])
    assert "Arrows point from the younger item to the older, which is further to the top." in texts(svg)


def test_an_empty_lineage_says_so() -> None:
    assert "Nothing is recorded." in texts(Lineage("Upstream", "10378.1/11", [], []).to_svg())


def test_only_a_file_has_colours_of_its_own() -> None:
    assert "prefers-color-scheme:dark" in story().to_svg()
    assert "<style>" not in story()._repr_html_()
    assert 'fill="currentColor"' in story()._repr_html_()
    assert not re.search(r'\bid="', story().to_svg())


hostile = st.text(max_size=60) | st.sampled_from(
    [
        "</svg><script>alert(1)</script>",
        '"onload="alert(1)',
        "&amp;&lt;",
        "]]>",
        "\x00\x1b[2J\u202e",
        "水温" * 40,
    ]
)


@given(name=hostile, id=hostile.filter(bool), kind=hostile, relation=hostile, title=hostile)
def test_no_text_escapes_from_its_place(name: str, id: str, kind: str, relation: str, title: str) -> None:
    nodes = [Node(id, "AGENT", kind, name), Node("10378.1/11", kind, "DATASET", None)]
    lineage = Lineage(title, id, nodes, [Edge(id, relation, "10378.1/11")])
    for svg in (lineage.to_svg(), lineage._repr_html_()):
        known = {"svg", "title", "style", "text", "g", "path", "rect"}
        assert {element.tag for element in ElementTree.fromstring(svg).iter()} <= {SVG + tag for tag in known}
        assert not re.search(r"<script|<[^>]* on\w+=", svg)


@given(st.text(max_size=80), st.floats(40, 200))
def test_wrapped_lines_fit(text: str, room: float) -> None:
    for line in [clipped(text, 12, room), shortened(text, 12, room), *wrapped(text, 12, room, lines=2)]:
        assert text_width(line, 12) <= room
    assert len(wrapped(text, 12, room, lines=2)) <= 2
