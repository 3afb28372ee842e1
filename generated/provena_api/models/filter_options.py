from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import plain, wrong_type
from .item_sub_type import ItemSubType
from .query_dataset_release_status_type import QueryDatasetReleaseStatusType
from .query_record_types import QueryRecordTypes

__all__ = ("FilterOptions",)

_FIELDS = frozenset(
    (
        "item_subtype",
        "record_type",
        "release_reviewer",
        "release_status",
    )
)


@define(kw_only=True, repr=False)
class FilterOptions(types.Shown):
    """Which items to list.

    Attributes:
        item_subtype: Only items of this kind.
        record_type: Whether to list complete records, reserved handles or both.
        release_reviewer: Only datasets whose release this person was asked to review. Ignored beside item_subtype.
        release_status: Only datasets with this release status. Not allowed beside item_subtype.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("item_subtype=", "record_type=", "release_reviewer=")

    item_subtype: ItemSubType | None = None
    record_type: QueryRecordTypes = QueryRecordTypes.COMPLETE_ONLY
    release_reviewer: str | None = None
    release_status: QueryDatasetReleaseStatusType | None = None
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
            raise wrong_type("FilterOptions", "an object", data)
        self = cls.__new__(cls)
        value = data.get("item_subtype")
        self.item_subtype = None if value is None else ItemSubType(value)
        value = data.get("record_type", QueryRecordTypes.COMPLETE_ONLY)
        self.record_type = QueryRecordTypes(value)
        value = data.get("release_reviewer")
        if value is not None and not isinstance(value, str):
            raise wrong_type("FilterOptions.release_reviewer", "a string", value)
        self.release_reviewer = value
        value = data.get("release_status")
        self.release_status = None if value is None else QueryDatasetReleaseStatusType(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        if self.item_subtype is not None:
            data["item_subtype"] = plain(self.item_subtype)
        data["record_type"] = plain(self.record_type)
        if self.release_reviewer is not None:
            data["release_reviewer"] = self.release_reviewer
        if self.release_status is not None:
            data["release_status"] = plain(self.release_status)
        return data
