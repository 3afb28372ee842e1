"""The provenance graph: which item came from which."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from provena_sdk.sandbox.data.items import category_of

Direction = Literal["upstream", "downstream"]


class Node(NamedTuple):
    """An item in the graph."""

    id: str
    subtype: str

    @property
    def category(self) -> str:
        """ENTITY, ACTIVITY or AGENT."""
        return category_of(self.subtype)


class Link(NamedTuple):
    """A relation; it points from the younger item to the older."""

    source: Node
    relation: str
    target: Node


Wanted = Callable[[Node], bool]


def is_dataset(node: Node) -> bool:
    """Return whether an item is a dataset."""
    return node.subtype == "DATASET"


def is_agent(node: Node) -> bool:
    """Return whether an item is a person or an organisation."""
    return node.category == "AGENT"


def is_any(_: Node) -> bool:
    """Return True."""
    return True


@dataclass(slots=True)
class Lineage:
    """The links of one deployment, by the activity that brought them."""

    _records: dict[str, tuple[Link, ...]] = field(default_factory=dict)

    def lodge(self, activity: str, links: Iterable[Link]) -> None:
        """Add the links of an activity, in place of those it had."""
        self._records[activity] = tuple(links)

    def clear(self) -> None:
        """Forget everything."""
        self._records.clear()

    def explore(self, start: str, direction: Direction, depth: int, wanted: Wanted = is_any) -> set[Link]:
        """Return the links on all paths from one item to others.

        Args:
            start: The item.
            direction: Whether to go to older items or to younger ones.
            depth: The greatest length of a path.
            wanted: The items at which a path may end.
        """
        links = [_step(link, direction) for link in self._links()]
        behind = _distances([(one, other) for one, other, _ in links], [start])
        ends = [node.id for link in self._links() for node in (link.source, link.target) if wanted(node)]
        ahead = _distances([(other, one) for one, other, _ in links], ends)
        return {
            link
            for one, other, link in links
            if one in behind and other in ahead and behind[one] + 1 + ahead[other] <= depth
        }

    def affected_agents(self, start: str, depth: int) -> set[Link]:
        """Return the paths from an item to what came from it, and on to the agents of that; its own are among them."""
        of_agents = [link for link in self._links() if is_agent(link.target)]
        with_agents = {link.source for link in of_agents}
        reached = _distances([(link.target.id, link.source.id) for link in self._links()], [start])
        agents = {link for link in of_agents if reached.get(link.source.id, depth + 1) <= depth}
        return agents | self.explore(start, "downstream", depth, with_agents.__contains__)

    def graph(self, links: set[Link]) -> dict[str, Any]:
        """Return links as a node-link graph, which has only the first of several links between two items."""
        ordered = [link for link in self._links() if link in links]
        nodes = dict.fromkeys(node for link in ordered for node in (link.source, link.target))
        pairs: dict[tuple[str, str], str] = {}
        for link in ordered:
            pairs.setdefault((link.source.id, link.target.id), link.relation)
        return {
            "directed": True,
            "multigraph": False,
            "graph": {},
            "nodes": [
                {"item_category": node.category, "item_subtype": node.subtype, "id": node.id}
                for node in nodes
            ],
            "links": [
                {"type": relation, "source": source, "target": target}
                for (source, target), relation in pairs.items()
            ],
        }

    def _links(self) -> list[Link]:
        return list(dict.fromkeys(link for links in self._records.values() for link in links))


def _step(link: Link, direction: Direction) -> tuple[str, str, Link]:
    if direction == "upstream":
        return link.source.id, link.target.id, link
    return link.target.id, link.source.id, link


def _distances(steps: Iterable[tuple[str, str]], starts: Iterable[str]) -> dict[str, int]:
    """Return how many steps away from the nearest start each item is that can be reached."""
    following: dict[str, list[str]] = {}
    for one, other in steps:
        following.setdefault(one, []).append(other)
    found = dict.fromkeys(starts, 0)
    reached = list(found)
    while reached:
        nearer, reached = reached, []
        for one in nearer:
            for other in following.get(one, ()):
                if other not in found:
                    found[other] = found[one] + 1
                    reached.append(other)
    return found
