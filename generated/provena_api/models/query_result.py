from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, wrong_type

__all__ = ("QueryResult",)

_FIELDS = frozenset(
    (
        "id",
        "score",
    )
)


@define(kw_only=True, repr=False)
class QueryResult(types.Shown):
    """One hit of a search.

    Attributes:
        id: Handle of the item.
        score: Relevance; higher is better, and comparable only within one search.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("id", "score=")

    id: str
    score: float
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
            raise wrong_type("QueryResult", "an object", data)
        self = cls.__new__(cls)
        value = data["id"]
        if not isinstance(value, str):
            raise wrong_type("QueryResult.id", "a string", value)
        self.id = value
        value = data["score"]
        if not isinstance(value, NUMBER):
            raise wrong_type("QueryResult.score", "a number", value)
        self.score = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["id"] = self.id
        data["score"] = self.score
        return data
