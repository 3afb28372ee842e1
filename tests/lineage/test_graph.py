"""A lineage shows itself as a table, and becomes tables and graphs of other libraries."""

from __future__ import annotations

import pytest

from provena_sdk.errors import InvalidArgument
from provena_sdk.lineage import Edge, Lineage, Node
from tests.lineage.graphs import RUN, START, story


def test_it_prints_as_two_tables() -> None:
    lines = str(story(1)).splitlines()
    assert lines == [
        "Upstream of 10378.1/1900014, depth 2; 5 nodes, 6 edges",
        "",
        "kind       name                       handle",
        "dataset    Heat stress                10378.1/1900014",
        "model run  Heat stress run            10378.1/1900040",
        "person     Ada Lovelace               10378.1/1900003",
        "person     (not visible)              10378.1/1900004",
        "dataset    Sea surface temperature 0  10378.1/2000000",
        "",
        "from                       relation           to",
        "Heat stress                wasGeneratedBy     Heat stress run",
        "Heat stress                wasAttributedTo    Ada Lovelace",
        "Heat stress run            wasAssociatedWith  Ada Lovelace",
        "Heat stress run            wasAssociatedWith  (not visible)",
        "Heat stress run            used               Sea surface temperature 0",
        "Sea surface temperature 0  wasAttributedTo    Ada Lovelace",
    ]


def test_an_empty_one_says_so() -> None:
    assert str(Lineage("Downstream of 10378.1/11, depth 2", "10378.1/11", [], [])) == (
        "Downstream of 10378.1/11, depth 2; 0 nodes, 0 edges\n\nNothing is recorded."
    )


def test_text_from_services_cannot_control_a_terminal_and_is_bounded() -> None:
    node = Node("10378.1/11", "ENTITY", "DATA\x1bSET", "\x1b[2J" + "x" * 10_000)
    lineage = Lineage("t" * 1000, "10378.1/11", [node], [Edge("10378.1/11", "u\x07sed", "y\u202ez")])
    shown = f"{lineage}{lineage!r}{node!r}{lineage.edges[0]!r}"
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert max(map(len, (repr(lineage), repr(node), repr(lineage.edges[0])))) < 200


def test_nodes_come_nearest_to_the_start_first_and_once() -> None:
    nodes = [Node(id, "ENTITY", "DATASET", id) for id in ("far", "near", "start", "alone", "near")]
    edges = [Edge("near", "used", "far"), Edge("start", "used", "near")] * 2
    lineage = Lineage("Upstream", "start", nodes, edges)
    assert list(lineage.nodes) == ["start", "near", "far", "alone"]
    assert len(lineage.edges) == 2
    assert "near" in lineage
    assert len(lineage) == 4


def test_an_end_that_is_missing_among_the_nodes_is_added() -> None:
    lineage = Lineage("Upstream", "a", [], [Edge("a", "used", "b")])
    assert [node.label for node in lineage] == ["(not visible)", "(not visible)"]


def test_nodes_of_one_kind() -> None:
    assert [node.id for node in story().of_kind("model run")] == [RUN]
    assert len(story().of_kind("DATASET")) == 3


def test_equal_means_the_same_nodes_and_edges_in_any_order() -> None:
    one = story()
    other = Lineage("Another title", START, list(one)[::-1], one.edges[::-1])
    assert one == other
    assert one != story(3)
    assert one != "text"


def test_pandas_gets_a_row_per_node_or_per_edge() -> None:
    pytest.importorskip("pandas")
    nodes = story().to_pandas()
    assert (nodes.index.name, list(nodes.columns)) == ("handle", ["category", "kind", "name"])
    assert nodes.loc[RUN, "name"] == "Heat stress run"
    edges = story().to_pandas("edges")
    assert list(edges.columns) == ["source", "relation", "target", "source_name", "target_name"]
    assert len(edges) == len(story().edges)
    with pytest.raises(InvalidArgument, match=r"^rows must be 'nodes' or 'edges', not 'links'\.$"):
        story().to_pandas("links")  # type: ignore[arg-type]


def test_networkx_gets_every_node_and_edge() -> None:
    networkx = pytest.importorskip("networkx")
    graph = story().to_networkx()
    assert graph.nodes[RUN] == {"category": "ACTIVITY", "kind": "MODEL_RUN", "name": "Heat stress run"}
    assert set(graph.edges(keys=True)) == {
        (edge.source, edge.target, edge.relation) for edge in story().edges
    }
    assert "10378.1/2000000" in networkx.descendants(graph, START)
    assert networkx.is_directed_acyclic_graph(graph)


def test_networkx_keeps_two_relations_between_the_same_items() -> None:
    pytest.importorskip("networkx")
    edges = [Edge("a", "used", "b"), Edge("a", "wasInformedBy", "b")]
    assert Lineage("Upstream", "a", [], edges).to_networkx().number_of_edges() == 2
