from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import plain, read_list, write_list, wrong_type
from .access_level import AccessLevel
from .intended_user_type import IntendedUserType

__all__ = ("ReportComponentRole",)

_FIELDS = frozenset(
    (
        "access_granted",
        "description",
        "intended_users",
        "role_display_name",
        "role_level",
        "role_name",
    )
)


@define(kw_only=True, repr=False)
class ReportComponentRole(types.Shown):
    """A role, and whether the caller has it or asks for it.

    Attributes:
        access_granted: Whether the caller has it; in a request, whether they want it.
        description: What it allows, in words.
        intended_users: Whom it is for.
        role_display_name: The name for people.
        role_level: How much it allows.
        role_name: The name, as it is in a token.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("access_granted=", "description=", "role_display_name=")

    access_granted: bool
    description: str
    intended_users: list[IntendedUserType]
    role_display_name: str
    role_level: AccessLevel
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
            raise wrong_type("ReportComponentRole", "an object", data)
        self = cls.__new__(cls)
        value = data["access_granted"]
        if not isinstance(value, bool):
            raise wrong_type("ReportComponentRole.access_granted", "a boolean", value)
        self.access_granted = value
        value = data["description"]
        if not isinstance(value, str):
            raise wrong_type("ReportComponentRole.description", "a string", value)
        self.description = value
        value = data["intended_users"]
        self.intended_users = [
            IntendedUserType(item) for item in read_list(value, object, "ReportComponentRole.intended_users")
        ]
        value = data["role_display_name"]
        if not isinstance(value, str):
            raise wrong_type("ReportComponentRole.role_display_name", "a string", value)
        self.role_display_name = value
        value = data["role_level"]
        self.role_level = AccessLevel(value)
        value = data["role_name"]
        if not isinstance(value, str):
            raise wrong_type("ReportComponentRole.role_name", "a string", value)
        self.role_name = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["access_granted"] = self.access_granted
        data["description"] = self.description
        data["intended_users"] = [
            plain(item) for item in write_list(self.intended_users, "ReportComponentRole.intended_users")
        ]
        data["role_display_name"] = self.role_display_name
        data["role_level"] = plain(self.role_level)
        data["role_name"] = self.role_name
        return data
