from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import wrong_type

__all__ = ("AccessInfo",)

_FIELDS = frozenset(
    (
        "description",
        "reposited",
        "uri",
    )
)


@define(kw_only=True, repr=False)
class AccessInfo(types.Shown):
    """Where a dataset's files are kept.

    Attributes:
        description: How to get the files if they are kept elsewhere.
        reposited: Whether the files are in Provena's own storage.
        uri: URL of the files if they are kept elsewhere, exactly as registered.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("description=", "reposited=", "uri=")

    description: str | None = None
    reposited: bool = True
    uri: str | None = None
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
            raise wrong_type("AccessInfo", "an object", data)
        self = cls.__new__(cls)
        value = data.get("description")
        if value is not None and not isinstance(value, str):
            raise wrong_type("AccessInfo.description", "a string", value)
        self.description = value
        value = data.get("reposited", True)
        if not isinstance(value, bool):
            raise wrong_type("AccessInfo.reposited", "a boolean", value)
        self.reposited = value
        value = data.get("uri")
        if value is not None and not isinstance(value, str):
            raise wrong_type("AccessInfo.uri", "a string", value)
        self.uri = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        if self.description is not None:
            data["description"] = self.description
        data["reposited"] = self.reposited
        if self.uri is not None:
            data["uri"] = self.uri
        return data
