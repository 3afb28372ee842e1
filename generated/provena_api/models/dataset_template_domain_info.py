from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_list, read_map, write_list, write_map, write_object, wrong_type

__all__ = ("DatasetTemplateDomainInfo",)

_FIELDS = frozenset(
    (
        "display_name",
        "deferred_resources",
        "defined_resources",
        "description",
        "user_metadata",
    )
)


@define(kw_only=True, repr=False)
class DatasetTemplateDomainInfo(types.Shown):
    """What the registry keeps about a dataset template, without its record.

    Attributes:
        display_name: The name that is shown.
        deferred_resources: Files whose paths each use of the template names.
        defined_resources: Files that every dataset of this form has.
        description: What datasets of this form contain.
        user_metadata: Further keys and values of the owner's choice.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("display_name", "description=", "deferred_resources")

    display_name: str
    deferred_resources: list[DeferredResource] = field(factory=list)
    defined_resources: list[DefinedResource] = field(factory=list)
    description: str | None = None
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
            raise wrong_type("DatasetTemplateDomainInfo", "an object", data)
        self = cls.__new__(cls)
        value = data["display_name"]
        if not isinstance(value, str):
            raise wrong_type("DatasetTemplateDomainInfo.display_name", "a string", value)
        self.display_name = value
        value = data.get("deferred_resources", [])
        self.deferred_resources = [
            DeferredResource.from_dict(item)
            for item in read_list(value, object, "DatasetTemplateDomainInfo.deferred_resources")
        ]
        value = data.get("defined_resources", [])
        self.defined_resources = [
            DefinedResource.from_dict(item)
            for item in read_list(value, object, "DatasetTemplateDomainInfo.defined_resources")
        ]
        value = data.get("description")
        if value is not None and not isinstance(value, str):
            raise wrong_type("DatasetTemplateDomainInfo.description", "a string", value)
        self.description = value
        value = data.get("user_metadata")
        self.user_metadata = (
            None if value is None else read_map(value, str, "DatasetTemplateDomainInfo.user_metadata")
        )
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["display_name"] = self.display_name
        data["deferred_resources"] = [
            write_object(item, "DatasetTemplateDomainInfo.deferred_resources")
            for item in write_list(self.deferred_resources, "DatasetTemplateDomainInfo.deferred_resources")
        ]
        data["defined_resources"] = [
            write_object(item, "DatasetTemplateDomainInfo.defined_resources")
            for item in write_list(self.defined_resources, "DatasetTemplateDomainInfo.defined_resources")
        ]
        if self.description is not None:
            data["description"] = self.description
        if self.user_metadata is not None:
            data["user_metadata"] = write_map(self.user_metadata, "DatasetTemplateDomainInfo.user_metadata")
        return data


# At the end, so that models may refer to each other in a circle.
from .deferred_resource import DeferredResource
from .defined_resource import DefinedResource
