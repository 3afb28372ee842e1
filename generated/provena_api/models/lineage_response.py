from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, write_object, wrong_type

__all__ = ("LineageResponse",)

_FIELDS = frozenset(
    (
        "graph",
        "record_count",
        "status",
    )
)


@define(kw_only=True, repr=False)
class LineageResponse(types.Shown):
    """Part of the provenance graph.

    Attributes:
        graph: The graph; empty when nothing was found or the item is not lodged yet.
        record_count: The number of items in the graph.
        status: Whether it worked.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("graph", "record_count=", "status")

    graph: LineageGraph
    record_count: int
    status: Status
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
            raise wrong_type("LineageResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["graph"]
        self.graph = LineageGraph.from_dict(value)
        value = data["record_count"]
        if not isinstance(value, NUMBER):
            raise wrong_type("LineageResponse.record_count", "a number", value)
        self.record_count = value
        value = data["status"]
        self.status = Status.from_dict(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["graph"] = write_object(self.graph, "LineageResponse.graph")
        data["record_count"] = self.record_count
        data["status"] = write_object(self.status, "LineageResponse.status")
        return data


# At the end, so that models may refer to each other in a circle.
from .lineage_graph import LineageGraph
from .status import Status
