from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_list, write_list, write_object, wrong_type

__all__ = ("QueryResults",)

_FIELDS = frozenset(
    (
        "results",
        "status",
        "warnings",
    )
)


@define(kw_only=True, repr=False)
class QueryResults(types.Shown):
    """The hits of a search, best first.

    Attributes:
        results: The hits; empty when nothing was found.
        status: Whether the search worked.
        warnings: Warnings from the search service.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("results", "status", "warnings")

    results: list[QueryResult]
    status: Status
    warnings: list[str] | None = None
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
            raise wrong_type("QueryResults", "an object", data)
        self = cls.__new__(cls)
        value = data["results"]
        self.results = [
            QueryResult.from_dict(item) for item in read_list(value, object, "QueryResults.results")
        ]
        value = data["status"]
        self.status = Status.from_dict(value)
        value = data.get("warnings")
        self.warnings = None if value is None else read_list(value, str, "QueryResults.warnings")
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["results"] = [
            write_object(item, "QueryResults.results")
            for item in write_list(self.results, "QueryResults.results")
        ]
        data["status"] = write_object(self.status, "QueryResults.status")
        if self.warnings is not None:
            data["warnings"] = write_list(self.warnings, "QueryResults.warnings")
        return data


# At the end, so that models may refer to each other in a circle.
from .query_result import QueryResult
from .status import Status
