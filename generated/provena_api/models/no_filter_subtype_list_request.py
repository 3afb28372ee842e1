from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, write_object, wrong_type

__all__ = ("NoFilterSubtypeListRequest",)

_FIELDS = frozenset(
    (
        "page_size",
        "pagination_key",
        "sort_by",
    )
)


@define(kw_only=True, repr=False)
class NoFilterSubtypeListRequest(types.Shown):
    """A request for one page of datasets.

    Attributes:
        page_size: The most records to look at, before those the caller may not see are left out.
        pagination_key: The key from the page before; None for the first page.
        sort_by: The order; newest change first when left out. It must stay the same from page to page.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("page_size=", "pagination_key=", "sort_by=")

    page_size: int = 20
    pagination_key: PaginationKey | None = None
    sort_by: SortOptions | None = None
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
            raise wrong_type("NoFilterSubtypeListRequest", "an object", data)
        self = cls.__new__(cls)
        value = data.get("page_size", 20)
        if not isinstance(value, NUMBER):
            raise wrong_type("NoFilterSubtypeListRequest.page_size", "a number", value)
        self.page_size = value
        value = data.get("pagination_key")
        self.pagination_key = None if value is None else PaginationKey.from_dict(value)
        value = data.get("sort_by")
        self.sort_by = None if value is None else SortOptions.from_dict(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["page_size"] = self.page_size
        if self.pagination_key is not None:
            data["pagination_key"] = write_object(
                self.pagination_key, "NoFilterSubtypeListRequest.pagination_key"
            )
        if self.sort_by is not None:
            data["sort_by"] = write_object(self.sort_by, "NoFilterSubtypeListRequest.sort_by")
        return data


# At the end, so that models may refer to each other in a circle.
from .pagination_key import PaginationKey
from .sort_options import SortOptions
