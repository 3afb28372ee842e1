from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_list, write_list, wrong_type

__all__ = ("DescribedRole",)

_FIELDS = frozenset(
    (
        "also_grants",
        "description",
        "role_display_name",
        "role_name",
    )
)


@define(kw_only=True, repr=False)
class DescribedRole(types.Shown):
    """A role on an item.

    Attributes:
        also_grants: Roles meant to be granted with it; the registry does not add them.
        description: What it allows, in words.
        role_display_name: The name for people.
        role_name: The name, as in access settings.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("description=", "role_display_name=", "role_name=")

    also_grants: list[str]
    description: str
    role_display_name: str
    role_name: str
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
            raise wrong_type("DescribedRole", "an object", data)
        self = cls.__new__(cls)
        value = data["also_grants"]
        self.also_grants = read_list(value, str, "DescribedRole.also_grants")
        value = data["description"]
        if not isinstance(value, str):
            raise wrong_type("DescribedRole.description", "a string", value)
        self.description = value
        value = data["role_display_name"]
        if not isinstance(value, str):
            raise wrong_type("DescribedRole.role_display_name", "a string", value)
        self.role_display_name = value
        value = data["role_name"]
        if not isinstance(value, str):
            raise wrong_type("DescribedRole.role_name", "a string", value)
        self.role_name = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["also_grants"] = write_list(self.also_grants, "DescribedRole.also_grants")
        data["description"] = self.description
        data["role_display_name"] = self.role_display_name
        data["role_name"] = self.role_name
        return data
