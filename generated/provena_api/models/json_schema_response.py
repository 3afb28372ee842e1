from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_map, write_map, write_object, wrong_type

__all__ = ("JsonSchemaResponse",)

_FIELDS = frozenset(
    (
        "json_schema",
        "status",
    )
)


@define(kw_only=True, repr=False)
class JsonSchemaResponse(types.Shown):
    """The JSON schema of a kind of item.

    Attributes:
        json_schema: The schema.
        status: Whether it worked.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("status",)

    json_schema: dict[str, Any]
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
            raise wrong_type("JsonSchemaResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["json_schema"]
        self.json_schema = read_map(value, object, "JsonSchemaResponse.json_schema")
        value = data["status"]
        self.status = Status.from_dict(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["json_schema"] = write_map(self.json_schema, "JsonSchemaResponse.json_schema")
        data["status"] = write_object(self.status, "JsonSchemaResponse.status")
        return data


# At the end, so that models may refer to each other in a circle.
from .status import Status
