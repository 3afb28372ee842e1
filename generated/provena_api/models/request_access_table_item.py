from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, plain, wrong_type
from .request_status import RequestStatus

__all__ = ("RequestAccessTableItem",)

_FIELDS = frozenset(
    (
        "complete_contents",
        "created_timestamp",
        "email",
        "expiry",
        "notes",
        "request_diff_contents",
        "request_id",
        "status",
        "ui_friendly_status",
        "updated_timestamp",
        "username",
    )
)


@define(kw_only=True, repr=False)
class RequestAccessTableItem(types.Shown):
    """A request for roles.

    Attributes:
        complete_contents: All roles as they would be, as JSON in a string.
        created_timestamp: When it was made, in Unix seconds.
        email: The e-mail address of who asks; the username if none is known.
        expiry: When it lapses, in Unix seconds.
        notes: Remarks of the administrators.
        request_diff_contents: The roles it would change, as JSON in a string.
        request_id: Id of the request; a Unix time.
        status: How far it is.
        ui_friendly_status: How far it is, in words.
        updated_timestamp: When it last changed, in Unix seconds.
        username: Who asks.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("complete_contents=", "email=", "expiry=")

    complete_contents: str
    created_timestamp: int
    email: str
    expiry: int
    notes: str
    request_diff_contents: str
    request_id: int
    status: RequestStatus
    ui_friendly_status: str
    updated_timestamp: int
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
            raise wrong_type("RequestAccessTableItem", "an object", data)
        self = cls.__new__(cls)
        value = data["complete_contents"]
        if not isinstance(value, str):
            raise wrong_type("RequestAccessTableItem.complete_contents", "a string", value)
        self.complete_contents = value
        value = data["created_timestamp"]
        if not isinstance(value, NUMBER):
            raise wrong_type("RequestAccessTableItem.created_timestamp", "a number", value)
        self.created_timestamp = value
        value = data["email"]
        if not isinstance(value, str):
            raise wrong_type("RequestAccessTableItem.email", "a string", value)
        self.email = value
        value = data["expiry"]
        if not isinstance(value, NUMBER):
            raise wrong_type("RequestAccessTableItem.expiry", "a number", value)
        self.expiry = value
        value = data["notes"]
        if not isinstance(value, str):
            raise wrong_type("RequestAccessTableItem.notes", "a string", value)
        self.notes = value
        value = data["request_diff_contents"]
        if not isinstance(value, str):
            raise wrong_type("RequestAccessTableItem.request_diff_contents", "a string", value)
        self.request_diff_contents = value
        value = data["request_id"]
        if not isinstance(value, NUMBER):
            raise wrong_type("RequestAccessTableItem.request_id", "a number", value)
        self.request_id = value
        value = data["status"]
        self.status = RequestStatus(value)
        value = data["ui_friendly_status"]
        if not isinstance(value, str):
            raise wrong_type("RequestAccessTableItem.ui_friendly_status", "a string", value)
        self.ui_friendly_status = value
        value = data["updated_timestamp"]
        if not isinstance(value, NUMBER):
            raise wrong_type("RequestAccessTableItem.updated_timestamp", "a number", value)
        self.updated_timestamp = value
        value = data["username"]
        if not isinstance(value, str):
            raise wrong_type("RequestAccessTableItem.username", "a string", value)
        self.username = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["complete_contents"] = self.complete_contents
        data["created_timestamp"] = self.created_timestamp
        data["email"] = self.email
        data["expiry"] = self.expiry
        data["notes"] = self.notes
        data["request_diff_contents"] = self.request_diff_contents
        data["request_id"] = self.request_id
        data["status"] = plain(self.status)
        data["ui_friendly_status"] = self.ui_friendly_status
        data["updated_timestamp"] = self.updated_timestamp
        data["username"] = self.username
        return data
