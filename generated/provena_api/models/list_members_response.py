from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import write_object, wrong_type

__all__ = ("ListMembersResponse",)

_FIELDS = frozenset(
    (
        "group",
        "status",
    )
)


@define(kw_only=True, repr=False)
class ListMembersResponse(types.Shown):
    """One group with its members.

    Attributes:
        group: The group.
        status: Whether it worked.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("group", "status")

    group: UserGroup
    status: Status
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
            raise wrong_type("ListMembersResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["group"]
        self.group = UserGroup.from_dict(value)
        value = data["status"]
        self.status = Status.from_dict(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["group"] = write_object(self.group, "ListMembersResponse.group")
        data["status"] = write_object(self.status, "ListMembersResponse.status")
        return data


# At the end, so that models may refer to each other in a circle.
from .status import Status
from .user_group import UserGroup
