from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, plain, read_list, read_map, write_list, write_map, write_object, wrong_type
from .item_category import ItemCategory
from .item_sub_type import ItemSubType
from .record_type import RecordType
from .released_status import ReleasedStatus

__all__ = ("ItemDataset",)

_FIELDS = frozenset(
    (
        "collection_format",
        "created_timestamp",
        "display_name",
        "history",
        "id",
        "owner_username",
        "record_type",
        "release_status",
        "s3",
        "updated_timestamp",
        "access_info_uri",
        "item_category",
        "item_subtype",
        "release_approver",
        "release_history",
        "release_timestamp",
        "user_metadata",
        "versioning_info",
        "workflow_links",
    )
)


@define(kw_only=True, repr=False)
class ItemDataset(types.Shown):
    """A dataset in the registry.

    Attributes:
        collection_format: The metadata, as the owner wrote it.
        created_timestamp: When it was registered, in Unix seconds.
        display_name: The dataset's name.
        history: All states of the dataset, newest first.
        id: The dataset's handle.
        owner_username: Who registered the dataset.
        record_type: Whether the record is complete or only a reserved handle.
        release_status: Whether the dataset is released.
        s3: Location of the files in the object store.
        updated_timestamp: When its metadata last changed, in Unix seconds.
        access_info_uri: URL of the files if they are kept elsewhere.
        item_category: Always an entity.
        item_subtype: Always a dataset.
        release_approver: Handle of the reviewer who was asked to release it.
        release_history: Requests and decisions, oldest first.
        release_timestamp: When the last step of its release was taken, in Unix seconds.
        user_metadata: Further keys and values of the owner's choice.
        versioning_info: Its place among the versions of the dataset.
        workflow_links: The jobs that recorded the dataset's making.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("id", "display_name")

    collection_format: CollectionFormat
    created_timestamp: int
    display_name: str
    history: list[HistoryEntryDatasetDomainInfo]
    id: str
    owner_username: str
    record_type: RecordType
    release_status: ReleasedStatus
    s3: S3Location
    updated_timestamp: int
    access_info_uri: str | None = None
    item_category: ItemCategory = ItemCategory.ENTITY
    item_subtype: ItemSubType = ItemSubType.DATASET
    release_approver: str | None = None
    release_history: list[ReleaseHistoryEntry] = field(factory=list)
    release_timestamp: int | None = None
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
            raise wrong_type("ItemDataset", "an object", data)
        self = cls.__new__(cls)
        value = data["collection_format"]
        self.collection_format = CollectionFormat.from_dict(value)
        value = data["created_timestamp"]
        if not isinstance(value, NUMBER):
            raise wrong_type("ItemDataset.created_timestamp", "a number", value)
        self.created_timestamp = value
        value = data["display_name"]
        if not isinstance(value, str):
            raise wrong_type("ItemDataset.display_name", "a string", value)
        self.display_name = value
        value = data["history"]
        self.history = [
            HistoryEntryDatasetDomainInfo.from_dict(item)
            for item in read_list(value, object, "ItemDataset.history")
        ]
        value = data["id"]
        if not isinstance(value, str):
            raise wrong_type("ItemDataset.id", "a string", value)
        self.id = value
        value = data["owner_username"]
        if not isinstance(value, str):
            raise wrong_type("ItemDataset.owner_username", "a string", value)
        self.owner_username = value
        value = data["record_type"]
        self.record_type = RecordType(value)
        value = data["release_status"]
        self.release_status = ReleasedStatus(value)
        value = data["s3"]
        self.s3 = S3Location.from_dict(value)
        value = data["updated_timestamp"]
        if not isinstance(value, NUMBER):
            raise wrong_type("ItemDataset.updated_timestamp", "a number", value)
        self.updated_timestamp = value
        value = data.get("access_info_uri")
        if value is not None and not isinstance(value, str):
            raise wrong_type("ItemDataset.access_info_uri", "a string", value)
        self.access_info_uri = value
        value = data.get("item_category", ItemCategory.ENTITY)
        self.item_category = ItemCategory(value)
        value = data.get("item_subtype", ItemSubType.DATASET)
        self.item_subtype = ItemSubType(value)
        value = data.get("release_approver")
        if value is not None and not isinstance(value, str):
            raise wrong_type("ItemDataset.release_approver", "a string", value)
        self.release_approver = value
        value = data.get("release_history", [])
        self.release_history = [
            ReleaseHistoryEntry.from_dict(item)
            for item in read_list(value, object, "ItemDataset.release_history")
        ]
        value = data.get("release_timestamp")
        if value is not None and not isinstance(value, NUMBER):
            raise wrong_type("ItemDataset.release_timestamp", "a number", value)
        self.release_timestamp = value
        value = data.get("user_metadata")
        self.user_metadata = None if value is None else read_map(value, str, "ItemDataset.user_metadata")
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
        data["collection_format"] = write_object(self.collection_format, "ItemDataset.collection_format")
        data["created_timestamp"] = self.created_timestamp
        data["display_name"] = self.display_name
        data["history"] = [
            write_object(item, "ItemDataset.history")
            for item in write_list(self.history, "ItemDataset.history")
        ]
        data["id"] = self.id
        data["owner_username"] = self.owner_username
        data["record_type"] = plain(self.record_type)
        data["release_status"] = plain(self.release_status)
        data["s3"] = write_object(self.s3, "ItemDataset.s3")
        data["updated_timestamp"] = self.updated_timestamp
        if self.access_info_uri is not None:
            data["access_info_uri"] = self.access_info_uri
        data["item_category"] = plain(self.item_category)
        data["item_subtype"] = plain(self.item_subtype)
        if self.release_approver is not None:
            data["release_approver"] = self.release_approver
        data["release_history"] = [
            write_object(item, "ItemDataset.release_history")
            for item in write_list(self.release_history, "ItemDataset.release_history")
        ]
        if self.release_timestamp is not None:
            data["release_timestamp"] = self.release_timestamp
        if self.user_metadata is not None:
            data["user_metadata"] = write_map(self.user_metadata, "ItemDataset.user_metadata")
        if self.versioning_info is not None:
            data["versioning_info"] = write_object(self.versioning_info, "ItemDataset.versioning_info")
        if self.workflow_links is not None:
            data["workflow_links"] = write_object(self.workflow_links, "ItemDataset.workflow_links")
        return data


# At the end, so that models may refer to each other in a circle.
from .collection_format import CollectionFormat
from .history_entry_dataset_domain_info import HistoryEntryDatasetDomainInfo
from .release_history_entry import ReleaseHistoryEntry
from .s3_location import S3Location
from .versioning_info import VersioningInfo
from .workflow_links import WorkflowLinks
