from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_list, read_map, write_list, write_map, write_object, wrong_type

__all__ = ("LineageGraph",)

_FIELDS = frozenset(
    (
        "directed",
        "multigraph",
        "graph",
        "nodes",
        "links",
    )
)


@define(kw_only=True, repr=False)
class LineageGraph(types.Shown):
    """Items, and how they came from each other, as node-link JSON.

    Attributes:
        directed: Always True.
        multigraph: Always False.
        graph: Attributes of the whole graph; empty so far.
        nodes: The items, without their names.
        links: How they are related, each pointing from the younger to the older.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("directed=", "multigraph=", "nodes")

    directed: bool
    multigraph: bool
    graph: dict[str, Any]
    nodes: list[LineageNode]
    links: list[LineageLink]
    additional_properties: dict[str, Any] = field(factory=dict, repr=False)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read the JSON object ``data``, which is not changed.

        Raises:
            KeyError: A required field is missing.
            TypeError: A value has the wrong JSON type.
            ValueError: A date cannot be read.
        """
        if not isinstance(data, dict):
            raise wrong_type("LineageGraph", "an object", data)
        self = cls.__new__(cls)
        value = data["directed"]
        if not isinstance(value, bool):
            raise wrong_type("LineageGraph.directed", "a boolean", value)
        self.directed = value
        value = data["multigraph"]
        if not isinstance(value, bool):
            raise wrong_type("LineageGraph.multigraph", "a boolean", value)
        self.multigraph = value
        value = data["graph"]
        self.graph = read_map(value, object, "LineageGraph.graph")
        value = data["nodes"]
        self.nodes = [LineageNode.from_dict(item) for item in read_list(value, object, "LineageGraph.nodes")]
        value = data["links"]
        self.links = [LineageLink.from_dict(item) for item in read_list(value, object, "LineageGraph.links")]
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["directed"] = self.directed
        data["multigraph"] = self.multigraph
        data["graph"] = write_map(self.graph, "LineageGraph.graph")
        data["nodes"] = [
            write_object(item, "LineageGraph.nodes") for item in write_list(self.nodes, "LineageGraph.nodes")
        ]
        data["links"] = [
            write_object(item, "LineageGraph.links") for item in write_list(self.links, "LineageGraph.links")
        ]
        return data


# At the end, so that models may refer to each other in a circle.
from .lineage_link import LineageLink
from .lineage_node import LineageNode
