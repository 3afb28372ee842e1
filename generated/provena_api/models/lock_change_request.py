from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import wrong_type

__all__ = ("LockChangeRequest",)

_FIELDS = frozenset(
    (
        "id",
        "reason",
    )
)


@define(kw_only=True, repr=False)
class LockChangeRequest(types.Shown):
    """A request to lock or unlock an item.

    Attributes:
        id: Handle of the item.
        reason: Why; kept in the history.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("id", "reason=")

    id: str
    reason: str
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
            raise wrong_type("LockChangeRequest", "an object", data)
        self = cls.__new__(cls)
        value = data["id"]
        if not isinstance(value, str):
            raise wrong_type("LockChangeRequest.id", "a string", value)
        self.id = value
        value = data["reason"]
        if not isinstance(value, str):
            raise wrong_type("LockChangeRequest.reason", "a string", value)
        self.reason = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["id"] = self.id
        data["reason"] = self.reason
        return data
