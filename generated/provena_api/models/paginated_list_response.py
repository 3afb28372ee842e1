from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, read_list, write_list, write_object, wrong_type

__all__ = ("PaginatedListResponse",)

_FIELDS = frozenset(
    (
        "items",
        "status",
        "pagination_key",
        "total_item_count",
    )
)


@define(kw_only=True, repr=False)
class PaginatedListResponse(types.Shown):
    """One page of items of any kind.

    Attributes:
        items: The rows on this page, as stored; a page may be short or empty and still not be the last.
        status: Whether the listing worked.
        pagination_key: Key of the next page; None on the last page only.
        total_item_count: Rows on this page.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("items", "status", "total_item_count=")

    items: list[dict[str, Any]]
    status: Status
    pagination_key: PaginationKey | None = None
    total_item_count: int | None = None
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
            raise wrong_type("PaginatedListResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["items"]
        self.items = read_list(value, dict, "PaginatedListResponse.items")
        value = data["status"]
        self.status = Status.from_dict(value)
        value = data.get("pagination_key")
        self.pagination_key = None if value is None else PaginationKey.from_dict(value)
        value = data.get("total_item_count")
        if value is not None and not isinstance(value, NUMBER):
            raise wrong_type("PaginatedListResponse.total_item_count", "a number", value)
        self.total_item_count = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["items"] = write_list(self.items, "PaginatedListResponse.items")
        data["status"] = write_object(self.status, "PaginatedListResponse.status")
        if self.pagination_key is not None:
            data["pagination_key"] = write_object(self.pagination_key, "PaginatedListResponse.pagination_key")
        if self.total_item_count is not None:
            data["total_item_count"] = self.total_item_count
        return data


# At the end, so that models may refer to each other in a circle.
from .pagination_key import PaginationKey
from .status import Status
