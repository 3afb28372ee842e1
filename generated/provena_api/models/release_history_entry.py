from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, plain, wrong_type
from .release_action import ReleaseAction

__all__ = ("ReleaseHistoryEntry",)

_FIELDS = frozenset(
    (
        "action",
        "approver",
        "notes",
        "timestamp",
        "requester",
    )
)


@define(kw_only=True, repr=False)
class ReleaseHistoryEntry(types.Shown):
    """One step of a release.

    Attributes:
        action: What was done.
        approver: Handle of the reviewer.
        notes: Their remarks.
        timestamp: When, in Unix seconds.
        requester: Handle of the person who asked, where the step was a request.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("action=", "approver=", "notes=")

    action: ReleaseAction
    approver: str
    notes: str
    timestamp: int
    requester: str | None = None
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
            raise wrong_type("ReleaseHistoryEntry", "an object", data)
        self = cls.__new__(cls)
        value = data["action"]
        self.action = ReleaseAction(value)
        value = data["approver"]
        if not isinstance(value, str):
            raise wrong_type("ReleaseHistoryEntry.approver", "a string", value)
        self.approver = value
        value = data["notes"]
        if not isinstance(value, str):
            raise wrong_type("ReleaseHistoryEntry.notes", "a string", value)
        self.notes = value
        value = data["timestamp"]
        if not isinstance(value, NUMBER):
            raise wrong_type("ReleaseHistoryEntry.timestamp", "a number", value)
        self.timestamp = value
        value = data.get("requester")
        if value is not None and not isinstance(value, str):
            raise wrong_type("ReleaseHistoryEntry.requester", "a string", value)
        self.requester = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["action"] = plain(self.action)
        data["approver"] = self.approver
        data["notes"] = self.notes
        data["timestamp"] = self.timestamp
        if self.requester is not None:
            data["requester"] = self.requester
        return data
