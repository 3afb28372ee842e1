from __future__ import annotations

from datetime import date
from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_date, write_date, wrong_type

__all__ = ("CreatedDate",)

_FIELDS = frozenset(
    (
        "relevant",
        "value",
    )
)


@define(kw_only=True, repr=False)
class CreatedDate(types.Shown):
    """When a dataset was made.

    Attributes:
        relevant: Whether the date applies to this dataset.
        value: The day; None if it does not apply.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("relevant=", "value=")

    relevant: bool = False
    value: date | None = None
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
            raise wrong_type("CreatedDate", "an object", data)
        self = cls.__new__(cls)
        value = data.get("relevant", False)
        if not isinstance(value, bool):
            raise wrong_type("CreatedDate.relevant", "a boolean", value)
        self.relevant = value
        value = data.get("value")
        self.value = None if value is None else read_date(value, "CreatedDate.value")
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["relevant"] = self.relevant
        if self.value is not None:
            data["value"] = write_date(self.value, "CreatedDate.value")
        return data
