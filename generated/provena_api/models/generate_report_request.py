from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, plain, wrong_type
from .item_sub_type import ItemSubType

__all__ = ("GenerateReportRequest",)

_FIELDS = frozenset(
    (
        "depth",
        "id",
        "item_subtype",
    )
)


@define(kw_only=True, repr=False)
class GenerateReportRequest(types.Shown):
    """A request for a report on an item's lineage.

    Attributes:
        depth: How many steps to follow, 1 to 3.
        id: Handle of the item.
        item_subtype: Which kind of item it is.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("id", "depth=", "item_subtype=")

    depth: int
    id: str
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
            raise wrong_type("GenerateReportRequest", "an object", data)
        self = cls.__new__(cls)
        value = data["depth"]
        if not isinstance(value, NUMBER):
            raise wrong_type("GenerateReportRequest.depth", "a number", value)
        self.depth = value
        value = data["id"]
        if not isinstance(value, str):
            raise wrong_type("GenerateReportRequest.id", "a string", value)
        self.id = value
        value = data["item_subtype"]
        self.item_subtype = ItemSubType(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["depth"] = self.depth
        data["id"] = self.id
        data["item_subtype"] = plain(self.item_subtype)
        return data
