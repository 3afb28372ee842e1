from __future__ import annotations

from datetime import date
from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_date, write_date, wrong_type

__all__ = ("TemporalDurationInfo",)

_FIELDS = frozenset(
    (
        "begin_date",
        "end_date",
    )
)


@define(kw_only=True, repr=False)
class TemporalDurationInfo(types.Shown):
    """The first and last day a dataset covers.

    Attributes:
        begin_date: The first day.
        end_date: The last day.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("begin_date=", "end_date=")

    begin_date: date
    end_date: date
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
            raise wrong_type("TemporalDurationInfo", "an object", data)
        self = cls.__new__(cls)
        value = data["begin_date"]
        self.begin_date = read_date(value, "TemporalDurationInfo.begin_date")
        value = data["end_date"]
        self.end_date = read_date(value, "TemporalDurationInfo.end_date")
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["begin_date"] = write_date(self.begin_date, "TemporalDurationInfo.begin_date")
        data["end_date"] = write_date(self.end_date, "TemporalDurationInfo.end_date")
        return data
