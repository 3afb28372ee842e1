from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, plain, wrong_type
from .lock_action_type import LockActionType

__all__ = ("LockEvent",)

_FIELDS = frozenset(
    (
        "action_type",
        "reason",
        "timestamp",
        "username",
        "email",
    )
)


@define(kw_only=True, repr=False)
class LockEvent(types.Shown):
    """A lock that was set or released.

    Attributes:
        action_type: What was done.
        reason: Why.
        timestamp: When, in Unix seconds.
        username: Who did it.
        email: Their e-mail address, if it is known.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("action_type=", "reason=", "username=")

    action_type: LockActionType
    reason: str
    timestamp: int
    username: str
    email: str | None = None
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
            raise wrong_type("LockEvent", "an object", data)
        self = cls.__new__(cls)
        value = data["action_type"]
        self.action_type = LockActionType(value)
        value = data["reason"]
        if not isinstance(value, str):
            raise wrong_type("LockEvent.reason", "a string", value)
        self.reason = value
        value = data["timestamp"]
        if not isinstance(value, NUMBER):
            raise wrong_type("LockEvent.timestamp", "a number", value)
        self.timestamp = value
        value = data["username"]
        if not isinstance(value, str):
            raise wrong_type("LockEvent.username", "a string", value)
        self.username = value
        value = data.get("email")
        if value is not None and not isinstance(value, str):
            raise wrong_type("LockEvent.email", "a string", value)
        self.email = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["action_type"] = plain(self.action_type)
        data["reason"] = self.reason
        data["timestamp"] = self.timestamp
        data["username"] = self.username
        if self.email is not None:
            data["email"] = self.email
        return data
