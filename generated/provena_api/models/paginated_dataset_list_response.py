from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, read_list, write_list, write_object, wrong_type

__all__ = ("PaginatedDatasetListResponse",)

_FIELDS = frozenset(
    (
        "dataset_items",
        "status",
        "pagination_key",
        "total_dataset_count",
    )
)


@define(kw_only=True, repr=False)
class PaginatedDatasetListResponse(types.Shown):
    """One page of the datasets that the caller reviews.

    Attributes:
        dataset_items: The datasets on this page.
        status: Whether the listing worked.
        pagination_key: Key of the next page; None on the last page only.
        total_dataset_count: Datasets on this page.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("dataset_items", "status", "total_dataset_count=")

    dataset_items: list[ItemDataset]
    status: Status
    pagination_key: PaginationKey | None = None
    total_dataset_count: int | None = None
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
            raise wrong_type("PaginatedDatasetListResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["dataset_items"]
        self.dataset_items = [
            ItemDataset.from_dict(item)
            for item in read_list(value, object, "PaginatedDatasetListResponse.dataset_items")
        ]
        value = data["status"]
        self.status = Status.from_dict(value)
        value = data.get("pagination_key")
        self.pagination_key = None if value is None else PaginationKey.from_dict(value)
        value = data.get("total_dataset_count")
        if value is not None and not isinstance(value, NUMBER):
            raise wrong_type("PaginatedDatasetListResponse.total_dataset_count", "a number", value)
        self.total_dataset_count = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["dataset_items"] = [
            write_object(item, "PaginatedDatasetListResponse.dataset_items")
            for item in write_list(self.dataset_items, "PaginatedDatasetListResponse.dataset_items")
        ]
        data["status"] = write_object(self.status, "PaginatedDatasetListResponse.status")
        if self.pagination_key is not None:
            data["pagination_key"] = write_object(
                self.pagination_key, "PaginatedDatasetListResponse.pagination_key"
            )
        if self.total_dataset_count is not None:
            data["total_dataset_count"] = self.total_dataset_count
        return data


# At the end, so that models may refer to each other in a circle.
from .item_dataset import ItemDataset
from .pagination_key import PaginationKey
from .status import Status
