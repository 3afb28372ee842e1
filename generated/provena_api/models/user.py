from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_list, write_list, wrong_type

__all__ = ("User",)

_FIELDS = frozenset(
    (
        "access_token",
        "roles",
        "username",
        "email",
    )
)


@define(kw_only=True, repr=False)
class User(types.Guarded):
    """Who is signed in.

    Attributes:
        access_token: The token the request was made with.
        roles: The user's roles in the deployment.
        username: The user's name.
        email: The user's e-mail address, if the sign-in server knows one.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("username=", "roles", "email=")

    access_token: str = field(repr=False)
    roles: list[str]
    username: str
    email: str | None = None
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
            raise wrong_type("User", "an object", data)
        self = cls.__new__(cls)
        value = data["access_token"]
        if not isinstance(value, str):
            raise wrong_type("User.access_token", "a string", value)
        self.access_token = value
        value = data["roles"]
        self.roles = read_list(value, str, "User.roles")
        value = data["username"]
        if not isinstance(value, str):
            raise wrong_type("User.username", "a string", value)
        self.username = value
        value = data.get("email")
        if value is not None and not isinstance(value, str):
            raise wrong_type("User.email", "a string", value)
        self.email = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["access_token"] = self.access_token
        data["roles"] = write_list(self.roles, "User.roles")
        data["username"] = self.username
        if self.email is not None:
            data["email"] = self.email
        return data
