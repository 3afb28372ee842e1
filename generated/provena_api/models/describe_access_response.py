from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_list, write_list, wrong_type

__all__ = ("DescribeAccessResponse",)

_FIELDS = frozenset(("roles",))


@define(kw_only=True, repr=False)
class DescribeAccessResponse(types.Shown):
    """The caller's roles on an item.

    Attributes:
        roles: The roles; empty for an item that the caller may not see.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("roles",)

    roles: list[str]
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
            raise wrong_type("DescribeAccessResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["roles"]
        self.roles = read_list(value, str, "DescribeAccessResponse.roles")
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["roles"] = write_list(self.roles, "DescribeAccessResponse.roles")
        return data
