from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, plain, read_list, read_map, write_list, write_map, write_object, wrong_type
from .item_category import ItemCategory
from .item_sub_type import ItemSubType
from .record_type import RecordType

__all__ = ("ItemDatasetTemplate",)

_FIELDS = frozenset(
    (
        "created_timestamp",
        "display_name",
        "history",
        "id",
        "owner_username",
        "record_type",
        "updated_timestamp",
        "deferred_resources",
        "defined_resources",
        "description",
        "item_category",
        "item_subtype",
        "user_metadata",
        "versioning_info",
        "workflow_links",
    )
)


@define(kw_only=True, repr=False)
class ItemDatasetTemplate(types.Shown):
    """The registry's record of a dataset template.

    Attributes:
        created_timestamp: When it was registered, in Unix seconds.
        display_name: The name that is shown.
        history: All states, newest first.
        id: The dataset template's handle.
        owner_username: Who registered it.
        record_type: Whether the record is complete or only a reserved handle.
        updated_timestamp: When it last changed, in Unix seconds.
        deferred_resources: Files whose paths each use of the template names.
        defined_resources: Files that every dataset of this form has.
        description: What datasets of this form contain.
        item_category: Whether it is an activity, an agent or an entity.
        item_subtype: Which kind of item it is.
        user_metadata: Further keys and values of the owner's choice.
        versioning_info: Its place among its versions.
        workflow_links: The jobs that recorded its making.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("id", "display_name")

    created_timestamp: int
    display_name: str
    history: list[HistoryEntryDatasetTemplateDomainInfo]
    id: str
    owner_username: str
    record_type: RecordType
    updated_timestamp: int
    deferred_resources: list[DeferredResource] = field(factory=list)
    defined_resources: list[DefinedResource] = field(factory=list)
    description: str | None = None
    item_category: ItemCategory = ItemCategory.ENTITY
    item_subtype: ItemSubType = ItemSubType.DATASET_TEMPLATE
    user_metadata: dict[str, str] | None = None
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
            raise wrong_type("ItemDatasetTemplate", "an object", data)
        self = cls.__new__(cls)
        value = data["created_timestamp"]
        if not isinstance(value, NUMBER):
            raise wrong_type("ItemDatasetTemplate.created_timestamp", "a number", value)
        self.created_timestamp = value
        value = data["display_name"]
        if not isinstance(value, str):
            raise wrong_type("ItemDatasetTemplate.display_name", "a string", value)
        self.display_name = value
        value = data["history"]
        self.history = [
            HistoryEntryDatasetTemplateDomainInfo.from_dict(item)
            for item in read_list(value, object, "ItemDatasetTemplate.history")
        ]
        value = data["id"]
        if not isinstance(value, str):
            raise wrong_type("ItemDatasetTemplate.id", "a string", value)
        self.id = value
        value = data["owner_username"]
        if not isinstance(value, str):
            raise wrong_type("ItemDatasetTemplate.owner_username", "a string", value)
        self.owner_username = value
        value = data["record_type"]
        self.record_type = RecordType(value)
        value = data["updated_timestamp"]
        if not isinstance(value, NUMBER):
            raise wrong_type("ItemDatasetTemplate.updated_timestamp", "a number", value)
        self.updated_timestamp = value
        value = data.get("deferred_resources", [])
        self.deferred_resources = [
            DeferredResource.from_dict(item)
            for item in read_list(value, object, "ItemDatasetTemplate.deferred_resources")
        ]
        value = data.get("defined_resources", [])
        self.defined_resources = [
            DefinedResource.from_dict(item)
            for item in read_list(value, object, "ItemDatasetTemplate.defined_resources")
        ]
        value = data.get("description")
        if value is not None and not isinstance(value, str):
            raise wrong_type("ItemDatasetTemplate.description", "a string", value)
        self.description = value
        value = data.get("item_category", ItemCategory.ENTITY)
        self.item_category = ItemCategory(value)
        value = data.get("item_subtype", ItemSubType.DATASET_TEMPLATE)
        self.item_subtype = ItemSubType(value)
        value = data.get("user_metadata")
        self.user_metadata = (
            None if value is None else read_map(value, str, "ItemDatasetTemplate.user_metadata")
        )
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
        data["display_name"] = self.display_name
        data["history"] = [
            write_object(item, "ItemDatasetTemplate.history")
            for item in write_list(self.history, "ItemDatasetTemplate.history")
        ]
        data["id"] = self.id
        data["owner_username"] = self.owner_username
        data["record_type"] = plain(self.record_type)
        data["updated_timestamp"] = self.updated_timestamp
        data["deferred_resources"] = [
            write_object(item, "ItemDatasetTemplate.deferred_resources")
            for item in write_list(self.deferred_resources, "ItemDatasetTemplate.deferred_resources")
        ]
        data["defined_resources"] = [
            write_object(item, "ItemDatasetTemplate.defined_resources")
            for item in write_list(self.defined_resources, "ItemDatasetTemplate.defined_resources")
        ]
        if self.description is not None:
            data["description"] = self.description
        data["item_category"] = plain(self.item_category)
        data["item_subtype"] = plain(self.item_subtype)
        if self.user_metadata is not None:
            data["user_metadata"] = write_map(self.user_metadata, "ItemDatasetTemplate.user_metadata")
        if self.versioning_info is not None:
            data["versioning_info"] = write_object(
                self.versioning_info, "ItemDatasetTemplate.versioning_info"
            )
        if self.workflow_links is not None:
            data["workflow_links"] = write_object(self.workflow_links, "ItemDatasetTemplate.workflow_links")
        return data


# At the end, so that models may refer to each other in a circle.
from .deferred_resource import DeferredResource
from .defined_resource import DefinedResource
from .history_entry_dataset_template_domain_info import HistoryEntryDatasetTemplateDomainInfo
from .versioning_info import VersioningInfo
from .workflow_links import WorkflowLinks
