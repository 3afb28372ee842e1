from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_map, write_map, wrong_type

__all__ = ("Schema",)

_FIELDS = frozenset(("json_schema",))


@define(kw_only=True, repr=False)
class Schema(types.Shown):
    """The JSON schema of dataset metadata.

    Attributes:
        json_schema: The schema itself.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ()

    json_schema: dict[str, Any]
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
            raise wrong_type("Schema", "an object", data)
        self = cls.__new__(cls)
        value = data["json_schema"]
        self.json_schema = read_map(value, object, "Schema.json_schema")
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["json_schema"] = write_map(self.json_schema, "Schema.json_schema")
        return data
