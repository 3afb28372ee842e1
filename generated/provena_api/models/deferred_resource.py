from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import plain, read_map, write_map, wrong_type
from .resource_usage_type import ResourceUsageType

__all__ = ("DeferredResource",)

_FIELDS = frozenset(
    (
        "description",
        "key",
        "usage_type",
        "additional_metadata",
        "is_folder",
        "optional",
    )
)


@define(kw_only=True, repr=False)
class DeferredResource(types.Shown):
    """A file whose path each use of a template names.

    Attributes:
        description: What the file contains.
        key: The name of the place in the template.
        usage_type: What it is for.
        additional_metadata: Further keys and values.
        is_folder: Whether it is a folder.
        optional: Whether it may be missing.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("description=", "key=", "usage_type=")

    description: str
    key: str
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
            raise wrong_type("DeferredResource", "an object", data)
        self = cls.__new__(cls)
        value = data["description"]
        if not isinstance(value, str):
            raise wrong_type("DeferredResource.description", "a string", value)
        self.description = value
        value = data["key"]
        if not isinstance(value, str):
            raise wrong_type("DeferredResource.key", "a string", value)
        self.key = value
        value = data["usage_type"]
        self.usage_type = ResourceUsageType(value)
        value = data.get("additional_metadata")
        self.additional_metadata = (
            None if value is None else read_map(value, str, "DeferredResource.additional_metadata")
        )
        value = data.get("is_folder")
        if value is not None and not isinstance(value, bool):
            raise wrong_type("DeferredResource.is_folder", "a boolean", value)
        self.is_folder = value
        value = data.get("optional")
        if value is not None and not isinstance(value, bool):
            raise wrong_type("DeferredResource.optional", "a boolean", value)
        self.optional = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["description"] = self.description
        data["key"] = self.key
        data["usage_type"] = plain(self.usage_type)
        if self.additional_metadata is not None:
            data["additional_metadata"] = write_map(
                self.additional_metadata, "DeferredResource.additional_metadata"
            )
        if self.is_folder is not None:
            data["is_folder"] = self.is_folder
        if self.optional is not None:
            data["optional"] = self.optional
        return data
