from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_list, write_list, write_object, wrong_type

__all__ = ("DatasetFetchResponse",)

_FIELDS = frozenset(
    (
        "item",
        "item_is_seed",
        "locked",
        "roles",
        "status",
    )
)


@define(kw_only=True, repr=False)
class DatasetFetchResponse(types.Shown):
    """One dataset, and what the caller may do with it.

    Attributes:
        item: The dataset; its seed item if item_is_seed.
        item_is_seed: Whether it is only a reserved handle.
        locked: Whether it is locked against changes.
        roles: The caller's roles on it.
        status: Whether the fetch worked.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("item", "item_is_seed=", "locked=")

    item: ItemDataset | SeededItem
    item_is_seed: bool
    locked: bool
    roles: list[str]
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
            raise wrong_type("DatasetFetchResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["item"]
        kind = SeededItem if data.get("item_is_seed") else ItemDataset
        self.item = kind.from_dict(value)
        value = data["item_is_seed"]
        if not isinstance(value, bool):
            raise wrong_type("DatasetFetchResponse.item_is_seed", "a boolean", value)
        self.item_is_seed = value
        value = data["locked"]
        if not isinstance(value, bool):
            raise wrong_type("DatasetFetchResponse.locked", "a boolean", value)
        self.locked = value
        value = data["roles"]
        self.roles = read_list(value, str, "DatasetFetchResponse.roles")
        value = data["status"]
        self.status = Status.from_dict(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["item"] = write_object(self.item, "DatasetFetchResponse.item")
        data["item_is_seed"] = self.item_is_seed
        data["locked"] = self.locked
        data["roles"] = write_list(self.roles, "DatasetFetchResponse.roles")
        data["status"] = write_object(self.status, "DatasetFetchResponse.status")
        return data


# At the end, so that models may refer to each other in a circle.
from .item_dataset import ItemDataset
from .seeded_item import SeededItem
from .status import Status
