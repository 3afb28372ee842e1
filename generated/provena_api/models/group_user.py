from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import wrong_type

__all__ = ("GroupUser",)

_FIELDS = frozenset(
    (
        "username",
        "email",
        "first_name",
        "last_name",
    )
)


@define(kw_only=True, repr=False)
class GroupUser(types.Shown):
    """A member of a group.

    Attributes:
        username: The account.
        email: The e-mail address, if it is known.
        first_name: The given name, if it is known.
        last_name: The family name, if it is known.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("username=", "email=", "first_name=")

    username: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
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
            raise wrong_type("GroupUser", "an object", data)
        self = cls.__new__(cls)
        value = data["username"]
        if not isinstance(value, str):
            raise wrong_type("GroupUser.username", "a string", value)
        self.username = value
        value = data.get("email")
        if value is not None and not isinstance(value, str):
            raise wrong_type("GroupUser.email", "a string", value)
        self.email = value
        value = data.get("first_name")
        if value is not None and not isinstance(value, str):
            raise wrong_type("GroupUser.first_name", "a string", value)
        self.first_name = value
        value = data.get("last_name")
        if value is not None and not isinstance(value, str):
            raise wrong_type("GroupUser.last_name", "a string", value)
        self.last_name = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["username"] = self.username
        if self.email is not None:
            data["email"] = self.email
        if self.first_name is not None:
            data["first_name"] = self.first_name
        if self.last_name is not None:
            data["last_name"] = self.last_name
        return data
