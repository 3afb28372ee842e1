"""The layout puts older items in earlier rows, keeps everything apart, and loses no edge."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.lineage import Edge, Node
from provena_sdk.lineage.layout import Layout, Place, arranged
from provena_sdk.lineage.nodes import ACTIVITY, AGENT, ENTITY
from tests.lineage.graphs import RUN, START, story

ROOM = 100.0
PASSING = 20.0


def arrange(nodes: list[Node], edges: list[Edge]) -> Layout:
    return arranged(nodes, edges, node_room=ROOM, passing_room=PASSING)


def row_of(layout: Layout) -> dict[Place, int]:
    return {place: number for number, row in enumerate(layout.rows) for place in row}


def reached(layout: Layout, place: Place, relation: str, *, backwards: bool) -> set[Place]:
    """The nodes that the lines of a relation lead to from a node, towards the older."""
    found: set[Place] = set()
    for link in layout.links:
        if link.younger == place and link.relation == relation and link.backwards is backwards:
            if isinstance(link.older, tuple):
                found |= reached(layout, link.older, relation, backwards=backwards)
            else:
                found.add(link.older)
    return found


ids = st.sampled_from([f"10378.1/{number}" for number in range(9)])
relations = st.sampled_from(["used", "wasGeneratedBy", "wasAttributedTo"])
graphs = st.tuples(
    st.lists(
        st.builds(Node, ids, st.sampled_from([ENTITY, ACTIVITY, AGENT]), st.just("KIND")),
        unique_by=lambda node: node.id,
        min_size=9,
        max_size=9,
    ),
    st.lists(st.builds(Edge, ids, relations, ids), max_size=25, unique=True),
)


@given(graphs)
def test_any_graph_is_laid_out(graph: tuple[list[Node], list[Edge]]) -> None:
    nodes, edges = graph
    layout = arrange(nodes, edges)
    rows = row_of(layout)
    assert {place for place in rows if isinstance(place, str)} == {node.id for node in nodes}
    assert all(rows[link.younger] == rows[link.older] + 1 for link in layout.links)
    for edge in edges:
        if edge.source != edge.target:
            forwards = edge.target in reached(layout, edge.source, edge.relation, backwards=False)
            turned = edge.source in reached(layout, edge.target, edge.relation, backwards=True)
            assert forwards or turned
    for row in layout.rows:
        for left, right in pairwise(row):
            rooms = [PASSING if isinstance(place, tuple) else ROOM for place in (left, right)]
            assert layout.at[right] - layout.at[left] >= sum(rooms) / 2 - 1e-6


@given(graphs)
def test_without_circles_every_edge_points_to_an_earlier_row(
    graph: tuple[list[Node], list[Edge]],
) -> None:
    nodes, edges = graph
    acyclic = [edge for edge in edges if edge.source > edge.target]
    layout = arrange(nodes, acyclic)
    rows = row_of(layout)
    assert all(rows[edge.source] > rows[edge.target] for edge in acyclic)
    assert not any(link.backwards for link in layout.links)


def test_lines_of_a_relation_to_one_item_share_their_way() -> None:
    lineage = story(20)
    layout = arrange(list(lineage), list(lineage.edges))
    rows = row_of(layout)
    assert rows[START] == 3
    assert rows[RUN] == 2
    passing = [place for place in rows if isinstance(place, tuple)]
    assert len(passing) == 3, "one for the dataset's person in two rows, one for the run's"


def test_a_long_chain_needs_no_deep_recursion() -> None:
    nodes = [Node(str(number), ENTITY, "DATASET") for number in range(3000)]
    edges = [Edge(str(number + 1), "used", str(number)) for number in range(2999)]
    assert len(arrange(nodes, edges).rows) == 3000
