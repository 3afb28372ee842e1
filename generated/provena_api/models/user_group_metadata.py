from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_list, write_list, wrong_type

__all__ = ("UserGroupMetadata",)

_FIELDS = frozenset(
    (
        "description",
        "display_name",
        "id",
        "default_data_store_access",
    )
)


@define(kw_only=True, repr=False)
class UserGroupMetadata(types.Shown):
    """A group without its members.

    Attributes:
        description: What the group is for.
        display_name: The name for people.
        id: The id, which access settings use.
        default_data_store_access: Roles that its members get on new datasets, if any.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("id", "display_name")

    description: str
    display_name: str
    id: str
    default_data_store_access: list[str] | None = None
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
            raise wrong_type("UserGroupMetadata", "an object", data)
        self = cls.__new__(cls)
        value = data["description"]
        if not isinstance(value, str):
            raise wrong_type("UserGroupMetadata.description", "a string", value)
        self.description = value
        value = data["display_name"]
        if not isinstance(value, str):
            raise wrong_type("UserGroupMetadata.display_name", "a string", value)
        self.display_name = value
        value = data["id"]
        if not isinstance(value, str):
            raise wrong_type("UserGroupMetadata.id", "a string", value)
        self.id = value
        value = data.get("default_data_store_access")
        self.default_data_store_access = (
            None if value is None else read_list(value, str, "UserGroupMetadata.default_data_store_access")
        )
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["description"] = self.description
        data["display_name"] = self.display_name
        data["id"] = self.id
        if self.default_data_store_access is not None:
            data["default_data_store_access"] = write_list(
                self.default_data_store_access, "UserGroupMetadata.default_data_store_access"
            )
        return data
