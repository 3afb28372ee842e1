from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_map, write_map, write_object, wrong_type

__all__ = ("UntypedFetchResponse",)

_FIELDS = frozenset(
    (
        "item",
        "status",
    )
)


@define(kw_only=True, repr=False)
class UntypedFetchResponse(types.Shown):
    """One item of any kind.

    Attributes:
        item: The row, as stored.
        status: Whether the fetch worked.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("status",)

    item: dict[str, Any]
    status: Status
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
            raise wrong_type("UntypedFetchResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["item"]
        self.item = read_map(value, object, "UntypedFetchResponse.item")
        value = data["status"]
        self.status = Status.from_dict(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["item"] = write_map(self.item, "UntypedFetchResponse.item")
        data["status"] = write_object(self.status, "UntypedFetchResponse.status")
        return data


# At the end, so that models may refer to each other in a circle.
from .status import Status
