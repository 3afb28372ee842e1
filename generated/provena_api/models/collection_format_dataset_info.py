from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_list, read_map, write_list, write_map, write_object, wrong_type

__all__ = ("CollectionFormatDatasetInfo",)

_FIELDS = frozenset(
    (
        "access_info",
        "created_date",
        "description",
        "license",
        "name",
        "published_date",
        "publisher_id",
        "formats",
        "keywords",
        "preferred_citation",
        "purpose",
        "rights_holder",
        "spatial_info",
        "temporal_info",
        "usage_limitations",
        "user_metadata",
        "version",
    )
)


@define(kw_only=True, repr=False)
class CollectionFormatDatasetInfo(types.Shown):
    """What a dataset is.

    Attributes:
        access_info: Where the files are kept.
        created_date: When the dataset was made.
        description: What the dataset contains.
        license: URL of the licence, exactly as registered.
        name: The dataset's name, shown as its display name.
        published_date: When the dataset was published.
        publisher_id: Handle of the organisation that publishes the dataset.
        formats: File formats in the dataset.
        keywords: Keywords to find the dataset by.
        preferred_citation: How to cite the dataset.
        purpose: Why the dataset was made.
        rights_holder: Who holds the rights, in free text.
        spatial_info: The area that the data cover.
        temporal_info: What span of time the data covers.
        usage_limitations: What the dataset must not be used for, in free text.
        user_metadata: Further keys and values of the owner's choice.
        version: Sent by the datastore and null so far; a value is refused when sent back.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("name", "description=", "license=")

    access_info: AccessInfo
    created_date: CreatedDate
    description: str
    license: str
    name: str
    published_date: PublishedDate
    publisher_id: str
    formats: list[str] | None = None
    keywords: list[str] | None = None
    preferred_citation: str | None = None
    purpose: str | None = None
    rights_holder: str | None = None
    spatial_info: CollectionFormatSpatialInfo | None = None
    temporal_info: CollectionFormatTemporalInfo | None = None
    usage_limitations: str | None = None
    user_metadata: dict[str, str] | None = None
    version: Any | None = None
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
            raise wrong_type("CollectionFormatDatasetInfo", "an object", data)
        self = cls.__new__(cls)
        value = data["access_info"]
        self.access_info = AccessInfo.from_dict(value)
        value = data["created_date"]
        self.created_date = CreatedDate.from_dict(value)
        value = data["description"]
        if not isinstance(value, str):
            raise wrong_type("CollectionFormatDatasetInfo.description", "a string", value)
        self.description = value
        value = data["license"]
        if not isinstance(value, str):
            raise wrong_type("CollectionFormatDatasetInfo.license", "a string", value)
        self.license = value
        value = data["name"]
        if not isinstance(value, str):
            raise wrong_type("CollectionFormatDatasetInfo.name", "a string", value)
        self.name = value
        value = data["published_date"]
        self.published_date = PublishedDate.from_dict(value)
        value = data["publisher_id"]
        if not isinstance(value, str):
            raise wrong_type("CollectionFormatDatasetInfo.publisher_id", "a string", value)
        self.publisher_id = value
        value = data.get("formats")
        self.formats = None if value is None else read_list(value, str, "CollectionFormatDatasetInfo.formats")
        value = data.get("keywords")
        self.keywords = (
            None if value is None else read_list(value, str, "CollectionFormatDatasetInfo.keywords")
        )
        value = data.get("preferred_citation")
        if value is not None and not isinstance(value, str):
            raise wrong_type("CollectionFormatDatasetInfo.preferred_citation", "a string", value)
        self.preferred_citation = value
        value = data.get("purpose")
        if value is not None and not isinstance(value, str):
            raise wrong_type("CollectionFormatDatasetInfo.purpose", "a string", value)
        self.purpose = value
        value = data.get("rights_holder")
        if value is not None and not isinstance(value, str):
            raise wrong_type("CollectionFormatDatasetInfo.rights_holder", "a string", value)
        self.rights_holder = value
        value = data.get("spatial_info")
        self.spatial_info = None if value is None else CollectionFormatSpatialInfo.from_dict(value)
        value = data.get("temporal_info")
        self.temporal_info = None if value is None else CollectionFormatTemporalInfo.from_dict(value)
        value = data.get("usage_limitations")
        if value is not None and not isinstance(value, str):
            raise wrong_type("CollectionFormatDatasetInfo.usage_limitations", "a string", value)
        self.usage_limitations = value
        value = data.get("user_metadata")
        self.user_metadata = (
            None if value is None else read_map(value, str, "CollectionFormatDatasetInfo.user_metadata")
        )
        value = data.get("version")
        self.version = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["access_info"] = write_object(self.access_info, "CollectionFormatDatasetInfo.access_info")
        data["created_date"] = write_object(self.created_date, "CollectionFormatDatasetInfo.created_date")
        data["description"] = self.description
        data["license"] = self.license
        data["name"] = self.name
        data["published_date"] = write_object(
            self.published_date, "CollectionFormatDatasetInfo.published_date"
        )
        data["publisher_id"] = self.publisher_id
        if self.formats is not None:
            data["formats"] = write_list(self.formats, "CollectionFormatDatasetInfo.formats")
        if self.keywords is not None:
            data["keywords"] = write_list(self.keywords, "CollectionFormatDatasetInfo.keywords")
        if self.preferred_citation is not None:
            data["preferred_citation"] = self.preferred_citation
        if self.purpose is not None:
            data["purpose"] = self.purpose
        if self.rights_holder is not None:
            data["rights_holder"] = self.rights_holder
        if self.spatial_info is not None:
            data["spatial_info"] = write_object(self.spatial_info, "CollectionFormatDatasetInfo.spatial_info")
        if self.temporal_info is not None:
            data["temporal_info"] = write_object(
                self.temporal_info, "CollectionFormatDatasetInfo.temporal_info"
            )
        if self.usage_limitations is not None:
            data["usage_limitations"] = self.usage_limitations
        if self.user_metadata is not None:
            data["user_metadata"] = write_map(self.user_metadata, "CollectionFormatDatasetInfo.user_metadata")
        if self.version is not None:
            data["version"] = self.version
        return data


# At the end, so that models may refer to each other in a circle.
from .access_info import AccessInfo
from .collection_format_spatial_info import CollectionFormatSpatialInfo
from .collection_format_temporal_info import CollectionFormatTemporalInfo
from .created_date import CreatedDate
from .published_date import PublishedDate
