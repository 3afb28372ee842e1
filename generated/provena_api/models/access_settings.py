from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_list, read_lists, write_list, write_lists, wrong_type

__all__ = ("AccessSettings",)

_FIELDS = frozenset(
    (
        "general",
        "groups",
        "owner",
    )
)


@define(kw_only=True, repr=False)
class AccessSettings(types.Shown):
    """Who may do what with an item.

    Attributes:
        general: Roles of everybody with the registry's read role.
        groups: Roles of the members of groups, by the group's id.
        owner: The account that has every role.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("owner=", "general")

    general: list[str]
    groups: dict[str, list[str]]
    owner: str
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
            raise wrong_type("AccessSettings", "an object", data)
        self = cls.__new__(cls)
        value = data["general"]
        self.general = read_list(value, str, "AccessSettings.general")
        value = data["groups"]
        self.groups = read_lists(value, "AccessSettings.groups")
        value = data["owner"]
        if not isinstance(value, str):
            raise wrong_type("AccessSettings.owner", "a string", value)
        self.owner = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["general"] = write_list(self.general, "AccessSettings.general")
        data["groups"] = write_lists(self.groups, "AccessSettings.groups")
        data["owner"] = self.owner
        return data
