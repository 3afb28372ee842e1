from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_datetime, write_date, wrong_type

__all__ = ("Credentials",)

_FIELDS = frozenset(
    (
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
        "expiry",
    )
)


@define(kw_only=True, repr=False)
class Credentials(types.Guarded):
    """Temporary credentials for a dataset's files in the object store.

    Attributes:
        aws_access_key_id: The access key id.
        aws_secret_access_key: The secret access key.
        aws_session_token: The session token, required with them.
        expiry: When the credentials expire; always with a time zone.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("expiry=",)

    aws_access_key_id: str = field(repr=False)
    aws_secret_access_key: str = field(repr=False)
    aws_session_token: str = field(repr=False)
    expiry: datetime
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
            raise wrong_type("Credentials", "an object", data)
        self = cls.__new__(cls)
        value = data["aws_access_key_id"]
        if not isinstance(value, str):
            raise wrong_type("Credentials.aws_access_key_id", "a string", value)
        self.aws_access_key_id = value
        value = data["aws_secret_access_key"]
        if not isinstance(value, str):
            raise wrong_type("Credentials.aws_secret_access_key", "a string", value)
        self.aws_secret_access_key = value
        value = data["aws_session_token"]
        if not isinstance(value, str):
            raise wrong_type("Credentials.aws_session_token", "a string", value)
        self.aws_session_token = value
        value = data["expiry"]
        self.expiry = read_datetime(value, "Credentials.expiry")
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["aws_access_key_id"] = self.aws_access_key_id
        data["aws_secret_access_key"] = self.aws_secret_access_key
        data["aws_session_token"] = self.aws_session_token
        data["expiry"] = write_date(self.expiry, "Credentials.expiry")
        return data
