from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, plain, write_object, wrong_type
from .item_category import ItemCategory
from .item_sub_type import ItemSubType
from .record_type import RecordType

__all__ = ("SeededItem",)

_FIELDS = frozenset(
    (
        "created_timestamp",
        "id",
        "item_category",
        "item_subtype",
        "owner_username",
        "record_type",
        "updated_timestamp",
        "versioning_info",
        "workflow_links",
    )
)


@define(kw_only=True, repr=False)
class SeededItem(types.Shown):
    """A reserved handle without metadata yet.

    Attributes:
        created_timestamp: When it was reserved, in Unix seconds.
        id: The handle.
        item_category: Which kind of thing it will be.
        item_subtype: Which kind of item it will be.
        owner_username: Who reserved it.
        record_type: Always a reserved handle.
        updated_timestamp: When it last changed, in Unix seconds.
        versioning_info: Its place among the versions of the item.
        workflow_links: The jobs that recorded its making.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("id", "item_category=", "item_subtype=")

    created_timestamp: int
    id: str
    item_category: ItemCategory
    item_subtype: ItemSubType
    owner_username: str
    record_type: RecordType
    updated_timestamp: int
    versioning_info: VersioningInfo | None = None
    workflow_links: WorkflowLinks | None = None
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
            raise wrong_type("SeededItem", "an object", data)
        self = cls.__new__(cls)
        value = data["created_timestamp"]
        if not isinstance(value, NUMBER):
            raise wrong_type("SeededItem.created_timestamp", "a number", value)
        self.created_timestamp = value
        value = data["id"]
        if not isinstance(value, str):
            raise wrong_type("SeededItem.id", "a string", value)
        self.id = value
        value = data["item_category"]
        self.item_category = ItemCategory(value)
        value = data["item_subtype"]
        self.item_subtype = ItemSubType(value)
        value = data["owner_username"]
        if not isinstance(value, str):
            raise wrong_type("SeededItem.owner_username", "a string", value)
        self.owner_username = value
        value = data["record_type"]
        self.record_type = RecordType(value)
        value = data["updated_timestamp"]
        if not isinstance(value, NUMBER):
            raise wrong_type("SeededItem.updated_timestamp", "a number", value)
        self.updated_timestamp = value
        value = data.get("versioning_info")
        self.versioning_info = None if value is None else VersioningInfo.from_dict(value)
        value = data.get("workflow_links")
        self.workflow_links = None if value is None else WorkflowLinks.from_dict(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["created_timestamp"] = self.created_timestamp
        data["id"] = self.id
        data["item_category"] = plain(self.item_category)
        data["item_subtype"] = plain(self.item_subtype)
        data["owner_username"] = self.owner_username
        data["record_type"] = plain(self.record_type)
        data["updated_timestamp"] = self.updated_timestamp
        if self.versioning_info is not None:
            data["versioning_info"] = write_object(self.versioning_info, "SeededItem.versioning_info")
        if self.workflow_links is not None:
            data["workflow_links"] = write_object(self.workflow_links, "SeededItem.workflow_links")
        return data


# At the end, so that models may refer to each other in a circle.
from .versioning_info import VersioningInfo
from .workflow_links import WorkflowLinks
