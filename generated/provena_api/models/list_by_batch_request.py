from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, write_object, wrong_type

__all__ = ("ListByBatchRequest",)

_FIELDS = frozenset(
    (
        "batch_id",
        "limit",
        "pagination_key",
    )
)


@define(kw_only=True, repr=False)
class ListByBatchRequest(types.Shown):
    """A request for one page of the jobs of a batch.

    Attributes:
        batch_id: Id of the batch.
        limit: The most jobs to return; must be positive.
        pagination_key: The key from the page before; None for the first page.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("batch_id=", "limit=", "pagination_key=")

    batch_id: str
    limit: int = 10
    pagination_key: PaginationKey | None = None
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
            raise wrong_type("ListByBatchRequest", "an object", data)
        self = cls.__new__(cls)
        value = data["batch_id"]
        if not isinstance(value, str):
            raise wrong_type("ListByBatchRequest.batch_id", "a string", value)
        self.batch_id = value
        value = data.get("limit", 10)
        if not isinstance(value, NUMBER):
            raise wrong_type("ListByBatchRequest.limit", "a number", value)
        self.limit = value
        value = data.get("pagination_key")
        self.pagination_key = None if value is None else PaginationKey.from_dict(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["batch_id"] = self.batch_id
        data["limit"] = self.limit
        if self.pagination_key is not None:
            data["pagination_key"] = write_object(self.pagination_key, "ListByBatchRequest.pagination_key")
        return data


# At the end, so that models may refer to each other in a circle.
from .pagination_key import PaginationKey
