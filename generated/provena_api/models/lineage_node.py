from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import plain, wrong_type
from .item_category import ItemCategory
from .item_sub_type import ItemSubType

__all__ = ("LineageNode",)

_FIELDS = frozenset(
    (
        "id",
        "item_category",
        "item_subtype",
    )
)


@define(kw_only=True, repr=False)
class LineageNode(types.Shown):
    """An item in a graph. The caller may lack the permission to fetch it.

    Attributes:
        id: The item's handle.
        item_category: Whether it is an activity, an agent or an entity.
        item_subtype: Which kind of item it is.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("id", "item_category=", "item_subtype=")

    id: str
    item_category: ItemCategory
    item_subtype: ItemSubType
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
            raise wrong_type("LineageNode", "an object", data)
        self = cls.__new__(cls)
        value = data["id"]
        if not isinstance(value, str):
            raise wrong_type("LineageNode.id", "a string", value)
        self.id = value
        value = data["item_category"]
        self.item_category = ItemCategory(value)
        value = data["item_subtype"]
        self.item_subtype = ItemSubType(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["id"] = self.id
        data["item_category"] = plain(self.item_category)
        data["item_subtype"] = plain(self.item_subtype)
        return data
