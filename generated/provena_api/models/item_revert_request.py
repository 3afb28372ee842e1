from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, wrong_type

__all__ = ("ItemRevertRequest",)

_FIELDS = frozenset(
    (
        "history_id",
        "id",
        "reason",
    )
)


@define(kw_only=True, repr=False)
class ItemRevertRequest(types.Shown):
    """A request to restore an earlier state of an item.

    Attributes:
        history_id: Number of the state to restore, as in the item's history.
        id: Handle of the item.
        reason: Why; kept in the history.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("id", "history_id=", "reason=")

    history_id: int
    id: str
    reason: str
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
            raise wrong_type("ItemRevertRequest", "an object", data)
        self = cls.__new__(cls)
        value = data["history_id"]
        if not isinstance(value, NUMBER):
            raise wrong_type("ItemRevertRequest.history_id", "a number", value)
        self.history_id = value
        value = data["id"]
        if not isinstance(value, str):
            raise wrong_type("ItemRevertRequest.id", "a string", value)
        self.id = value
        value = data["reason"]
        if not isinstance(value, str):
            raise wrong_type("ItemRevertRequest.reason", "a string", value)
        self.reason = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["history_id"] = self.history_id
        data["id"] = self.id
        data["reason"] = self.reason
        return data
