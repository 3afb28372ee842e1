from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_list, write_list, write_object, wrong_type

__all__ = ("ListUserMembershipResponse",)

_FIELDS = frozenset(
    (
        "groups",
        "status",
    )
)


@define(kw_only=True, repr=False)
class ListUserMembershipResponse(types.Shown):
    """The groups that the caller is in.

    Attributes:
        groups: The groups, without their members; empty when the caller is in none.
        status: Whether it worked.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("groups", "status")

    groups: list[UserGroupMetadata]
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
            raise wrong_type("ListUserMembershipResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["groups"]
        self.groups = [
            UserGroupMetadata.from_dict(item)
            for item in read_list(value, object, "ListUserMembershipResponse.groups")
        ]
        value = data["status"]
        self.status = Status.from_dict(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["groups"] = [
            write_object(item, "ListUserMembershipResponse.groups")
            for item in write_list(self.groups, "ListUserMembershipResponse.groups")
        ]
        data["status"] = write_object(self.status, "ListUserMembershipResponse.status")
        return data


# At the end, so that models may refer to each other in a circle.
from .status import Status
from .user_group_metadata import UserGroupMetadata
