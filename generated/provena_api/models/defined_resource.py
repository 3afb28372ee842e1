from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import plain, read_map, write_map, wrong_type
from .resource_usage_type import ResourceUsageType

__all__ = ("DefinedResource",)

_FIELDS = frozenset(
    (
        "description",
        "path",
        "usage_type",
        "additional_metadata",
        "is_folder",
        "optional",
    )
)


@define(kw_only=True, repr=False)
class DefinedResource(types.Shown):
    """A file that every dataset of a form has.

    Attributes:
        description: What the file contains.
        path: The path in the dataset.
        usage_type: What it is for.
        additional_metadata: Further keys and values.
        is_folder: Whether it is a folder.
        optional: Whether it may be missing.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("description=", "path=", "usage_type=")

    description: str
    path: str
    usage_type: ResourceUsageType
    additional_metadata: dict[str, str] | None = None
    is_folder: bool | None = None
    optional: bool | None = None
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
            raise wrong_type("DefinedResource", "an object", data)
        self = cls.__new__(cls)
        value = data["description"]
        if not isinstance(value, str):
            raise wrong_type("DefinedResource.description", "a string", value)
        self.description = value
        value = data["path"]
        if not isinstance(value, str):
            raise wrong_type("DefinedResource.path", "a string", value)
        self.path = value
        value = data["usage_type"]
        self.usage_type = ResourceUsageType(value)
        value = data.get("additional_metadata")
        self.additional_metadata = (
            None if value is None else read_map(value, str, "DefinedResource.additional_metadata")
        )
        value = data.get("is_folder")
        if value is not None and not isinstance(value, bool):
            raise wrong_type("DefinedResource.is_folder", "a boolean", value)
        self.is_folder = value
        value = data.get("optional")
        if value is not None and not isinstance(value, bool):
            raise wrong_type("DefinedResource.optional", "a boolean", value)
        self.optional = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["description"] = self.description
        data["path"] = self.path
        data["usage_type"] = plain(self.usage_type)
        if self.additional_metadata is not None:
            data["additional_metadata"] = write_map(
                self.additional_metadata, "DefinedResource.additional_metadata"
            )
        if self.is_folder is not None:
            data["is_folder"] = self.is_folder
        if self.optional is not None:
            data["optional"] = self.optional
        return data
