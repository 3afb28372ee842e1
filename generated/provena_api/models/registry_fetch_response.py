from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from ..types import read_list, wrong_type

__all__ = ("RegistryFetchResponse",)

_FIELDS = frozenset(
    (
        "status",
        "item",
        "locked",
        "roles",
    )
)


@define(kw_only=True)
class RegistryFetchResponse:
    """One dataset, and what the caller may do with it.

    Attributes:
        status: Whether the fetch worked.
        item: The dataset.
        locked: Whether the dataset is locked against changes.
        roles: The caller's roles on the dataset.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    status: Status
    item: ItemDataset | None = None
    locked: bool | None = None
    roles: list[str] | None = None
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
            raise wrong_type("RegistryFetchResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["status"]
        self.status = Status.from_dict(value)
        value = data.get("item")
        self.item = None if value is None else ItemDataset.from_dict(value)
        value = data.get("locked")
        if value is not None and not isinstance(value, bool):
            raise wrong_type("RegistryFetchResponse.locked", "a boolean", value)
        self.locked = value
        value = data.get("roles")
        self.roles = None if value is None else read_list(value, str, "RegistryFetchResponse.roles")
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["status"] = self.status.to_dict()
        if self.item is not None:
            data["item"] = self.item.to_dict()
        if self.locked is not None:
            data["locked"] = self.locked
        if self.roles is not None:
            data["roles"] = self.roles.copy()
        return data


# At the end, so that models may refer to each other in a circle.
from .item_dataset import ItemDataset
from .status import Status
