from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_map, write_map, wrong_type

__all__ = ("PersonDomainInfo",)

_FIELDS = frozenset(
    (
        "display_name",
        "email",
        "first_name",
        "last_name",
        "ethics_approved",
        "orcid",
        "user_metadata",
    )
)


@define(kw_only=True, repr=False)
class PersonDomainInfo(types.Shown):
    """What the registry keeps about a person, without its record.

    Attributes:
        display_name: The name that is shown.
        email: The e-mail address.
        first_name: The given name.
        last_name: The family name.
        ethics_approved: Whether the person agreed to be registered, without which nobody is.
        orcid: URL of the ORCID record, exactly as registered.
        user_metadata: Further keys and values of the owner's choice.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("display_name", "email=", "first_name=")

    display_name: str
    email: str
    first_name: str
    last_name: str
    ethics_approved: bool = False
    orcid: str | None = None
    user_metadata: dict[str, str] | None = None
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
            raise wrong_type("PersonDomainInfo", "an object", data)
        self = cls.__new__(cls)
        value = data["display_name"]
        if not isinstance(value, str):
            raise wrong_type("PersonDomainInfo.display_name", "a string", value)
        self.display_name = value
        value = data["email"]
        if not isinstance(value, str):
            raise wrong_type("PersonDomainInfo.email", "a string", value)
        self.email = value
        value = data["first_name"]
        if not isinstance(value, str):
            raise wrong_type("PersonDomainInfo.first_name", "a string", value)
        self.first_name = value
        value = data["last_name"]
        if not isinstance(value, str):
            raise wrong_type("PersonDomainInfo.last_name", "a string", value)
        self.last_name = value
        value = data.get("ethics_approved", False)
        if not isinstance(value, bool):
            raise wrong_type("PersonDomainInfo.ethics_approved", "a boolean", value)
        self.ethics_approved = value
        value = data.get("orcid")
        if value is not None and not isinstance(value, str):
            raise wrong_type("PersonDomainInfo.orcid", "a string", value)
        self.orcid = value
        value = data.get("user_metadata")
        self.user_metadata = None if value is None else read_map(value, str, "PersonDomainInfo.user_metadata")
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["display_name"] = self.display_name
        data["email"] = self.email
        data["first_name"] = self.first_name
        data["last_name"] = self.last_name
        data["ethics_approved"] = self.ethics_approved
        if self.orcid is not None:
            data["orcid"] = self.orcid
        if self.user_metadata is not None:
            data["user_metadata"] = write_map(self.user_metadata, "PersonDomainInfo.user_metadata")
        return data
