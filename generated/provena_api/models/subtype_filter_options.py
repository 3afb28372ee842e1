from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import plain, wrong_type
from .query_record_types import QueryRecordTypes

__all__ = ("SubtypeFilterOptions",)

_FIELDS = frozenset(("record_type",))


@define(kw_only=True, repr=False)
class SubtypeFilterOptions(types.Shown):
    """Which items of one kind to list.

    Attributes:
        record_type: Whether to list complete records, reserved handles or both.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("record_type=",)

    record_type: QueryRecordTypes = QueryRecordTypes.COMPLETE_ONLY
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
            raise wrong_type("SubtypeFilterOptions", "an object", data)
        self = cls.__new__(cls)
        value = data.get("record_type", QueryRecordTypes.COMPLETE_ONLY)
        self.record_type = QueryRecordTypes(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["record_type"] = plain(self.record_type)
        return data
