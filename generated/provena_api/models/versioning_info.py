from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, wrong_type

__all__ = ("VersioningInfo",)

_FIELDS = frozenset(
    (
        "version",
        "next_version",
        "previous_version",
        "reason",
    )
)


@define(kw_only=True, repr=False)
class VersioningInfo(types.Shown):
    """An item's place among its versions.

    Attributes:
        version: Number of this version, counted from 1.
        next_version: Handle of the version after; None for the latest.
        previous_version: Handle of the version before; None for the first.
        reason: Why this version was made.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("version=", "next_version=", "previous_version=")

    version: int
    next_version: str | None = None
    previous_version: str | None = None
    reason: str | None = None
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
            raise wrong_type("VersioningInfo", "an object", data)
        self = cls.__new__(cls)
        value = data["version"]
        if not isinstance(value, NUMBER):
            raise wrong_type("VersioningInfo.version", "a number", value)
        self.version = value
        value = data.get("next_version")
        if value is not None and not isinstance(value, str):
            raise wrong_type("VersioningInfo.next_version", "a string", value)
        self.next_version = value
        value = data.get("previous_version")
        if value is not None and not isinstance(value, str):
            raise wrong_type("VersioningInfo.previous_version", "a string", value)
        self.previous_version = value
        value = data.get("reason")
        if value is not None and not isinstance(value, str):
            raise wrong_type("VersioningInfo.reason", "a string", value)
        self.reason = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["version"] = self.version
        if self.next_version is not None:
            data["next_version"] = self.next_version
        if self.previous_version is not None:
            data["previous_version"] = self.previous_version
        if self.reason is not None:
            data["reason"] = self.reason
        return data
