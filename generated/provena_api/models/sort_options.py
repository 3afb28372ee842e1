from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import plain, wrong_type
from .sort_type import SortType

__all__ = ("SortOptions",)

_FIELDS = frozenset(
    (
        "ascending",
        "begins_with",
        "sort_type",
    )
)


@define(kw_only=True, repr=False)
class SortOptions(types.Shown):
    """The order of a listing.

    Attributes:
        ascending: True for smallest first.
        begins_with: The start of the URL; required for ACCESS_INFO_URI_BEGINS_WITH and refused for all others.
        sort_type: What to sort by; the time of the last change when left out.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("ascending=", "begins_with=", "sort_type=")

    ascending: bool = False
    begins_with: str | None = None
    sort_type: SortType | None = None
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
            raise wrong_type("SortOptions", "an object", data)
        self = cls.__new__(cls)
        value = data.get("ascending", False)
        if not isinstance(value, bool):
            raise wrong_type("SortOptions.ascending", "a boolean", value)
        self.ascending = value
        value = data.get("begins_with")
        if value is not None and not isinstance(value, str):
            raise wrong_type("SortOptions.begins_with", "a string", value)
        self.begins_with = value
        value = data.get("sort_type")
        self.sort_type = None if value is None else SortType(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["ascending"] = self.ascending
        if self.begins_with is not None:
            data["begins_with"] = self.begins_with
        if self.sort_type is not None:
            data["sort_type"] = plain(self.sort_type)
        return data
