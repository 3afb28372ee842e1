from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import wrong_type

__all__ = ("Status",)

_FIELDS = frozenset(
    (
        "details",
        "success",
    )
)


@define(kw_only=True, repr=False)
class Status(types.Shown):
    """Whether the service did what was asked.

    Attributes:
        details: What happened, in words.
        success: False when it did not, whatever the HTTP status.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("details=", "success=")

    details: str
    success: bool
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
            raise wrong_type("Status", "an object", data)
        self = cls.__new__(cls)
        value = data["details"]
        if not isinstance(value, str):
            raise wrong_type("Status.details", "a string", value)
        self.details = value
        value = data["success"]
        if not isinstance(value, bool):
            raise wrong_type("Status.success", "a boolean", value)
        self.success = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["details"] = self.details
        data["success"] = self.success
        return data
