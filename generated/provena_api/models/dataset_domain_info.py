from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, plain, read_list, read_map, write_list, write_map, write_object, wrong_type
from .released_status import ReleasedStatus

__all__ = ("DatasetDomainInfo",)

_FIELDS = frozenset(
    (
        "collection_format",
        "display_name",
        "release_status",
        "s3",
        "access_info_uri",
        "release_approver",
        "release_history",
        "release_timestamp",
        "user_metadata",
    )
)


@define(kw_only=True, repr=False)
class DatasetDomainInfo(types.Shown):
    """The registry's data about a dataset, without its record.

    Attributes:
        collection_format: The metadata, as the owner wrote it.
        display_name: The dataset's name.
        release_status: Whether the dataset is released.
        s3: Location of the files in the object store.
        access_info_uri: URL of the files if they are kept elsewhere.
        release_approver: Handle of the reviewer who was asked to release it.
        release_history: Requests and decisions, oldest first.
        release_timestamp: When the last step of its release was taken, in Unix seconds.
        user_metadata: Further keys and values of the owner's choice.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("display_name", "release_status=", "collection_format=")

    collection_format: CollectionFormat
    display_name: str
    release_status: ReleasedStatus
    s3: S3Location
    access_info_uri: str | None = None
    release_approver: str | None = None
    release_history: list[ReleaseHistoryEntry] = field(factory=list)
    release_timestamp: int | None = None
    user_metadata: dict[str, str] | None = None
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
            raise wrong_type("DatasetDomainInfo", "an object", data)
        self = cls.__new__(cls)
        value = data["collection_format"]
        self.collection_format = CollectionFormat.from_dict(value)
        value = data["display_name"]
        if not isinstance(value, str):
            raise wrong_type("DatasetDomainInfo.display_name", "a string", value)
        self.display_name = value
        value = data["release_status"]
        self.release_status = ReleasedStatus(value)
        value = data["s3"]
        self.s3 = S3Location.from_dict(value)
        value = data.get("access_info_uri")
        if value is not None and not isinstance(value, str):
            raise wrong_type("DatasetDomainInfo.access_info_uri", "a string", value)
        self.access_info_uri = value
        value = data.get("release_approver")
        if value is not None and not isinstance(value, str):
            raise wrong_type("DatasetDomainInfo.release_approver", "a string", value)
        self.release_approver = value
        value = data.get("release_history", [])
        self.release_history = [
            ReleaseHistoryEntry.from_dict(item)
            for item in read_list(value, object, "DatasetDomainInfo.release_history")
        ]
        value = data.get("release_timestamp")
        if value is not None and not isinstance(value, NUMBER):
            raise wrong_type("DatasetDomainInfo.release_timestamp", "a number", value)
        self.release_timestamp = value
        value = data.get("user_metadata")
        self.user_metadata = (
            None if value is None else read_map(value, str, "DatasetDomainInfo.user_metadata")
        )
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["collection_format"] = write_object(
            self.collection_format, "DatasetDomainInfo.collection_format"
        )
        data["display_name"] = self.display_name
        data["release_status"] = plain(self.release_status)
        data["s3"] = write_object(self.s3, "DatasetDomainInfo.s3")
        if self.access_info_uri is not None:
            data["access_info_uri"] = self.access_info_uri
        if self.release_approver is not None:
            data["release_approver"] = self.release_approver
        data["release_history"] = [
            write_object(item, "DatasetDomainInfo.release_history")
            for item in write_list(self.release_history, "DatasetDomainInfo.release_history")
        ]
        if self.release_timestamp is not None:
            data["release_timestamp"] = self.release_timestamp
        if self.user_metadata is not None:
            data["user_metadata"] = write_map(self.user_metadata, "DatasetDomainInfo.user_metadata")
        return data


# At the end, so that models may refer to each other in a circle.
from .collection_format import CollectionFormat
from .release_history_entry import ReleaseHistoryEntry
from .s3_location import S3Location
