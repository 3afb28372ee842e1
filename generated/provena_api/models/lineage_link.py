from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import wrong_type

__all__ = ("LineageLink",)

_FIELDS = frozenset(
    (
        "type",
        "source",
        "target",
    )
)


@define(kw_only=True, repr=False)
class LineageLink(types.Shown):
    """A relation between two items.

    Attributes:
        type: Which relation, such as wasGeneratedBy, wasAttributedTo, wasAssociatedWith or used.
        source: Handle of the younger item.
        target: Handle of the older item.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("type=", "source=", "target=")

    type: str
    source: str
    target: str
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
            raise wrong_type("LineageLink", "an object", data)
        self = cls.__new__(cls)
        value = data["type"]
        if not isinstance(value, str):
            raise wrong_type("LineageLink.type", "a string", value)
        self.type = value
        value = data["source"]
        if not isinstance(value, str):
            raise wrong_type("LineageLink.source", "a string", value)
        self.source = value
        value = data["target"]
        if not isinstance(value, str):
            raise wrong_type("LineageLink.target", "a string", value)
        self.target = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["type"] = self.type
        data["source"] = self.source
        data["target"] = self.target
        return data
