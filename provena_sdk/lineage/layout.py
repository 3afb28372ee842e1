"""A layered layout: rows by age, ordered to cross little, and aligned with their neighbours.

The oldest items are in the first row. Edges that pass rows go through points in them; edges of one relation to the same
item share these points, so that a person who made everything gets one line per relation, not one per item.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from provena_sdk.lineage.nodes import AGENT, Edge, Node

Place = Hashable
"""The handle of a node; or, where edges pass a row, a tuple with their target, their relation and the row."""

_SWEEPS: Final = 12
_PASSING_WEIGHT: Final = 6.0


@dataclass(frozen=True, slots=True)
class Link:
    """A piece of an edge between two neighbouring rows.

    Attributes:
        younger: The place in the younger row.
        older: The place in the older row.
        relation: The edge's relation.
        backwards: True if the edge points from the older row to the younger, which only circles force.
    """

    younger: Place
    older: Place
    relation: str
    backwards: bool = False


@dataclass(slots=True)
class Layout:
    """Where everything is.

    Attributes:
        rows: The places of each row in order, oldest row first.
        links: The pieces of the edges, each once.
        at: The position of each place along its row.
    """

    rows: list[list[Place]]
    links: list[Link]
    at: dict[Place, float] = field(default_factory=dict)


def arranged(
    nodes: Sequence[Node], edges: Sequence[Edge], *, node_room: float, passing_room: float
) -> Layout:
    """Arrange nodes in rows.

    Args:
        nodes: The nodes.
        edges: The edges between them.
        node_room: The extent of a node along its row, with the gap to the next.
        passing_room: The same of a passing edge.
    """
    links = _directed(nodes, edges)
    layout = _split(nodes, links, _ranks(nodes, links))
    _order(layout)
    rooms = {
        place: passing_room if isinstance(place, tuple) else node_room for row in layout.rows for place in row
    }
    _align(layout, rooms)
    return layout


def _directed(nodes: Sequence[Node], edges: Sequence[Edge]) -> list[Link]:
    """Return the edges as links: reversed if they would close a circle, left out if they are loops."""
    leaving: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        leaving[edge.source].append(edge)
    links: list[Link] = []
    done: set[str] = set()
    for first in nodes:
        stack = [] if first.id in done else [(first.id, iter(leaving[first.id]))]
        path = {first.id}
        while stack:
            id, rest = stack[-1]
            for edge in rest:
                if edge.target in path:
                    if edge.target != id:
                        links.append(Link(edge.target, id, edge.relation, backwards=True))
                    continue
                links.append(Link(id, edge.target, edge.relation))
                if edge.target not in done:
                    path.add(edge.target)
                    stack.append((edge.target, iter(leaving[edge.target])))
                    break
            else:
                stack.pop()
                path.discard(id)
                done.add(id)
    return links


def _ranks(nodes: Sequence[Node], links: Sequence[Link]) -> dict[Place, int]:
    """Return the row of each node: above all that it points to, but as near to what points to it as that allows."""
    older: dict[Place, list[Place]] = defaultdict(list)
    younger: dict[Place, list[Place]] = defaultdict(list)
    for link in links:
        older[link.younger].append(link.older)
        younger[link.older].append(link.younger)
    rank: dict[Place, int] = {}
    stack: list[Place] = [node.id for node in reversed(nodes)]
    while stack:
        place = stack.pop()
        missing = [other for other in older[place] if other not in rank]
        if missing:
            stack += [place, *missing]
        elif place not in rank:
            rank[place] = 1 + max((rank[other] for other in older[place]), default=-1)
    agents = {node.id for node in nodes if node.category == AGENT}
    for place in sorted(rank, key=lambda place: -rank[place]):
        above = younger[place]
        # Agents hold nothing down: they have lines to everything.
        if above and len(above) >= len([other for other in older[place] if other not in agents]):
            rank[place] = min(rank[other] for other in above) - 1
    lowest = min(rank.values(), default=0)
    return {place: value - lowest for place, value in rank.items()}


def _split(nodes: Sequence[Node], links: Sequence[Link], ranks: Mapping[Place, int]) -> Layout:
    """Put the nodes in rows, and cut links that pass rows into pieces."""
    rows: list[list[Place]] = [[] for _ in range(1 + max(ranks.values(), default=-1))]
    for node in nodes:
        rows[ranks[node.id]].append(node.id)
    pieces: dict[Link, None] = {}
    passing: set[Place] = set()
    for link in links:
        between = range(ranks[link.younger] - 1, ranks[link.older], -1)
        way: list[Place] = [(link.older, link.relation, link.backwards, row) for row in between]
        for row, place in zip(between, way, strict=True):
            if place not in passing:
                passing.add(place)
                rows[row].append(place)
        for younger, older in pairwise([link.younger, *way, link.older]):
            pieces[replace(link, younger=younger, older=older)] = None
    return Layout(rows, list(pieces))


def _order(layout: Layout) -> None:
    """Order the places in each row by their neighbours' mean, and keep the order with the fewest crossings."""
    older: dict[Place, list[Place]] = defaultdict(list)
    younger: dict[Place, list[Place]] = defaultdict(list)
    for link in layout.links:
        older[link.younger].append(link.older)
        younger[link.older].append(link.younger)
    best, fewest = [list(row) for row in layout.rows], _crossings(layout.rows, older)
    for sweep in range(2 * _SWEEPS):
        downwards = sweep % 2 == 0
        rows = layout.rows if downwards else layout.rows[::-1]
        towards = older if downwards else younger
        for before, row in pairwise(rows):
            index = {place: number for number, place in enumerate(before)}
            mean = {
                place: sum(index[other] for other in towards[place]) / len(towards[place])
                if towards[place]
                else float(number)
                for number, place in enumerate(row)
            }
            row.sort(key=lambda place, mean=mean: mean[place])  # type: ignore[misc]
        _exchange(layout.rows, older, younger)
        crossings = _crossings(layout.rows, older)
        if crossings < fewest:
            best, fewest = [list(row) for row in layout.rows], crossings
    layout.rows[:] = best


def _exchange(
    rows: list[list[Place]], older: Mapping[Place, list[Place]], younger: Mapping[Place, list[Place]]
) -> None:
    """Exchange neighbours in a row where that saves crossings."""
    for number, row in enumerate(rows):
        below = {place: index for index, place in enumerate(rows[number - 1])} if number else {}
        above = (
            {place: index for index, place in enumerate(rows[number + 1])} if number + 1 < len(rows) else {}
        )
        for index in range(len(row) - 1):
            left, right = row[index], row[index + 1]
            saved = 0
            for side, ends in ((below, older), (above, younger)):
                first = [side[place] for place in ends[left]]
                second = [side[place] for place in ends[right]]
                saved += sum((a > b) - (a < b) for a in first for b in second)
            if saved > 0:
                row[index], row[index + 1] = right, left


def _crossings(rows: Sequence[Sequence[Place]], older: Mapping[Place, list[Place]]) -> int:
    found = 0
    for below, row in pairwise(rows):
        index = {place: number for number, place in enumerate(below)}
        ends = [sorted(index[other] for other in older[place]) for place in row]
        seen: list[int] = []
        for group in ends:
            found += sum(earlier > end for end in group for earlier in seen)
            seen += group
    return found


def _align(layout: Layout, rooms: Mapping[Place, float]) -> None:
    """Place everything near its neighbours, without overlap."""
    for row in layout.rows:
        position = 0.0
        for place in row:
            layout.at[place] = position + rooms[place] / 2
            position += rooms[place]
    pulls: dict[Place, list[tuple[Place, float]]] = defaultdict(list)
    for link in layout.links:
        passing = isinstance(link.younger, tuple) + isinstance(link.older, tuple)
        weight = _PASSING_WEIGHT**passing
        pulls[link.younger].append((link.older, weight))
        pulls[link.older].append((link.younger, weight))
    for sweep in range(4 * _SWEEPS):
        for row in layout.rows if sweep % 2 == 0 else layout.rows[::-1]:
            wishes, weights = [], []
            for place in row:
                total = sum(weight for _, weight in pulls[place])
                wishes.append(
                    sum(layout.at[other] * weight for other, weight in pulls[place]) / total
                    if total
                    else layout.at[place]
                )
                weights.append(total or 0.1)
            apart = _apart(wishes, weights, [rooms[place] for place in row])
            for place, position in zip(row, apart, strict=True):
                layout.at[place] = position
    left = min((layout.at[place] - rooms[place] / 2 for row in layout.rows for place in row), default=0.0)
    for place in layout.at:
        layout.at[place] -= left


def _apart(wishes: Sequence[float], weights: Sequence[float], rooms: Sequence[float]) -> list[float]:
    """Return the positions nearest to the wishes, by weighted squares, that keep order and room.

    Isotonic regression: neighbours that would overlap are joined to a block, whose position is the mean wish.
    """
    offsets = [0.0]
    for before, room in pairwise(rooms):
        offsets.append(offsets[-1] + (before + room) / 2)
    blocks: list[tuple[float, float, int]] = []  # mean, weight, count
    for wish, weight, offset in zip(wishes, weights, offsets, strict=True):
        mean, count = wish - offset, 1
        while blocks and blocks[-1][0] >= mean:
            other, other_weight, other_count = blocks.pop()
            mean = (mean * weight + other * other_weight) / (weight + other_weight)
            weight += other_weight
            count += other_count
        blocks.append((mean, weight, count))
    means = [mean for mean, _, count in blocks for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
