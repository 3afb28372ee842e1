from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_map, write_map, write_object, wrong_type

__all__ = ("UiSchemaResponse",)

_FIELDS = frozenset(
    (
        "status",
        "ui_schema",
    )
)


@define(kw_only=True, repr=False)
class UiSchemaResponse(types.Shown):
    """How the website shows the form for a kind of item.

    Attributes:
        status: Whether it worked.
        ui_schema: The form; empty for datasets.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("status",)

    status: Status
    ui_schema: dict[str, Any]
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
            raise wrong_type("UiSchemaResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["status"]
        self.status = Status.from_dict(value)
        value = data["ui_schema"]
        self.ui_schema = read_map(value, object, "UiSchemaResponse.ui_schema")
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["status"] = write_object(self.status, "UiSchemaResponse.status")
        data["ui_schema"] = write_map(self.ui_schema, "UiSchemaResponse.ui_schema")
        return data


# At the end, so that models may refer to each other in a circle.
from .status import Status
