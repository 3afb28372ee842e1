from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, read_list, write_list, write_object, wrong_type

__all__ = ("DatasetTemplateListResponse",)

_FIELDS = frozenset(
    (
        "items",
        "status",
        "complete_item_count",
        "not_authorised_count",
        "pagination_key",
        "seed_item_count",
        "seed_items",
        "total_item_count",
        "unparsable_item_count",
        "unparsable_items",
    )
)


@define(kw_only=True, repr=False)
class DatasetTemplateListResponse(types.Shown):
    """One page of dataset_templates.

    Attributes:
        items: The dataset_templates on this page; a page may be short or empty and still not be the last.
        status: Whether the listing worked.
        complete_item_count: Complete records on this page.
        not_authorised_count: Records left out of this page because the caller may not see them.
        pagination_key: Key of the next page; None on the last page only.
        seed_item_count: Reserved handles on this page.
        seed_items: Reserved handles without content yet.
        total_item_count: Records on this page, not in the registry.
        unparsable_item_count: Unreadable records on this page.
        unparsable_items: Records the registry could not read.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("items", "status", "complete_item_count=")

    items: list[ItemDatasetTemplate]
    status: Status
    complete_item_count: int | None = None
    not_authorised_count: int | None = None
    pagination_key: PaginationKey | None = None
    seed_item_count: int | None = None
    seed_items: list[SeededItem] | None = None
    total_item_count: int | None = None
    unparsable_item_count: int | None = None
    unparsable_items: list[dict[str, Any]] | None = None
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
            raise wrong_type("DatasetTemplateListResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["items"]
        self.items = [
            ItemDatasetTemplate.from_dict(item)
            for item in read_list(value, object, "DatasetTemplateListResponse.items")
        ]
        value = data["status"]
        self.status = Status.from_dict(value)
        value = data.get("complete_item_count")
        if value is not None and not isinstance(value, NUMBER):
            raise wrong_type("DatasetTemplateListResponse.complete_item_count", "a number", value)
        self.complete_item_count = value
        value = data.get("not_authorised_count")
        if value is not None and not isinstance(value, NUMBER):
            raise wrong_type("DatasetTemplateListResponse.not_authorised_count", "a number", value)
        self.not_authorised_count = value
        value = data.get("pagination_key")
        self.pagination_key = None if value is None else PaginationKey.from_dict(value)
        value = data.get("seed_item_count")
        if value is not None and not isinstance(value, NUMBER):
            raise wrong_type("DatasetTemplateListResponse.seed_item_count", "a number", value)
        self.seed_item_count = value
        value = data.get("seed_items")
        self.seed_items = (
            None
            if value is None
            else [
                SeededItem.from_dict(item)
                for item in read_list(value, object, "DatasetTemplateListResponse.seed_items")
            ]
        )
        value = data.get("total_item_count")
        if value is not None and not isinstance(value, NUMBER):
            raise wrong_type("DatasetTemplateListResponse.total_item_count", "a number", value)
        self.total_item_count = value
        value = data.get("unparsable_item_count")
        if value is not None and not isinstance(value, NUMBER):
            raise wrong_type("DatasetTemplateListResponse.unparsable_item_count", "a number", value)
        self.unparsable_item_count = value
        value = data.get("unparsable_items")
        self.unparsable_items = (
            None if value is None else read_list(value, dict, "DatasetTemplateListResponse.unparsable_items")
        )
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["items"] = [
            write_object(item, "DatasetTemplateListResponse.items")
            for item in write_list(self.items, "DatasetTemplateListResponse.items")
        ]
        data["status"] = write_object(self.status, "DatasetTemplateListResponse.status")
        if self.complete_item_count is not None:
            data["complete_item_count"] = self.complete_item_count
        if self.not_authorised_count is not None:
            data["not_authorised_count"] = self.not_authorised_count
        if self.pagination_key is not None:
            data["pagination_key"] = write_object(
                self.pagination_key, "DatasetTemplateListResponse.pagination_key"
            )
        if self.seed_item_count is not None:
            data["seed_item_count"] = self.seed_item_count
        if self.seed_items is not None:
            data["seed_items"] = [
                write_object(item, "DatasetTemplateListResponse.seed_items")
                for item in write_list(self.seed_items, "DatasetTemplateListResponse.seed_items")
            ]
        if self.total_item_count is not None:
            data["total_item_count"] = self.total_item_count
        if self.unparsable_item_count is not None:
            data["unparsable_item_count"] = self.unparsable_item_count
        if self.unparsable_items is not None:
            data["unparsable_items"] = write_list(
                self.unparsable_items, "DatasetTemplateListResponse.unparsable_items"
            )
        return data


# At the end, so that models may refer to each other in a circle.
from .item_dataset_template import ItemDatasetTemplate
from .pagination_key import PaginationKey
from .seeded_item import SeededItem
from .status import Status
