from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import write_object, wrong_type

__all__ = ("CredentialResponse",)

_FIELDS = frozenset(
    (
        "credentials",
        "status",
        "console_session_url",
    )
)


@define(kw_only=True, repr=False)
class CredentialResponse(types.Guarded):
    """Temporary storage credentials for one dataset.

    Attributes:
        credentials: The credentials.
        status: Whether credentials were issued.
        console_session_url: Signed URL of a storage console session, if requested.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("credentials=", "status")

    credentials: Credentials
    status: Status
    console_session_url: str | None = field(default=None, repr=False)
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
            raise wrong_type("CredentialResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["credentials"]
        self.credentials = Credentials.from_dict(value)
        value = data["status"]
        self.status = Status.from_dict(value)
        value = data.get("console_session_url")
        if value is not None and not isinstance(value, str):
            raise wrong_type("CredentialResponse.console_session_url", "a string", value)
        self.console_session_url = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["credentials"] = write_object(self.credentials, "CredentialResponse.credentials")
        data["status"] = write_object(self.status, "CredentialResponse.status")
        if self.console_session_url is not None:
            data["console_session_url"] = self.console_session_url
        return data


# At the end, so that models may refer to each other in a circle.
from .credentials import Credentials
from .status import Status
