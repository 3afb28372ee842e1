from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import wrong_type

__all__ = ("LockStatusResponse",)

_FIELDS = frozenset(("locked",))


@define(kw_only=True, repr=False)
class LockStatusResponse(types.Shown):
    """Whether an item is locked.

    Attributes:
        locked: Whether it is locked.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("locked=",)

    locked: bool
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
            raise wrong_type("LockStatusResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["locked"]
        if not isinstance(value, bool):
            raise wrong_type("LockStatusResponse.locked", "a boolean", value)
        self.locked = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["locked"] = self.locked
        return data
