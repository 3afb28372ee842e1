from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, write_object, wrong_type

__all__ = ("HistoryEntryDatasetDomainInfo",)

_FIELDS = frozenset(
    (
        "id",
        "item",
        "reason",
        "timestamp",
        "username",
    )
)


@define(kw_only=True, repr=False)
class HistoryEntryDatasetDomainInfo(types.Shown):
    """One version of a dataset in its history.

    Attributes:
        id: Number of the state, counted from 0.
        item: The dataset in that state.
        reason: Why it was recorded.
        timestamp: When the state was recorded, in Unix seconds.
        username: Who recorded it.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("id", "reason=", "username=")

    id: int
    item: DatasetDomainInfo
    reason: str
    timestamp: int
    username: str
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
            raise wrong_type("HistoryEntryDatasetDomainInfo", "an object", data)
        self = cls.__new__(cls)
        value = data["id"]
        if not isinstance(value, NUMBER):
            raise wrong_type("HistoryEntryDatasetDomainInfo.id", "a number", value)
        self.id = value
        value = data["item"]
        self.item = DatasetDomainInfo.from_dict(value)
        value = data["reason"]
        if not isinstance(value, str):
            raise wrong_type("HistoryEntryDatasetDomainInfo.reason", "a string", value)
        self.reason = value
        value = data["timestamp"]
        if not isinstance(value, NUMBER):
            raise wrong_type("HistoryEntryDatasetDomainInfo.timestamp", "a number", value)
        self.timestamp = value
        value = data["username"]
        if not isinstance(value, str):
            raise wrong_type("HistoryEntryDatasetDomainInfo.username", "a string", value)
        self.username = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["id"] = self.id
        data["item"] = write_object(self.item, "HistoryEntryDatasetDomainInfo.item")
        data["reason"] = self.reason
        data["timestamp"] = self.timestamp
        data["username"] = self.username
        return data


# At the end, so that models may refer to each other in a circle.
from .dataset_domain_info import DatasetDomainInfo
