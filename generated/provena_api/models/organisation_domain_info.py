from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_map, write_map, wrong_type

__all__ = ("OrganisationDomainInfo",)

_FIELDS = frozenset(
    (
        "display_name",
        "name",
        "ror",
        "user_metadata",
    )
)


@define(kw_only=True, repr=False)
class OrganisationDomainInfo(types.Shown):
    """What the registry keeps about an organisation, without its record.

    Attributes:
        display_name: The name that is shown.
        name: The full name.
        ror: URL of the ROR record, exactly as registered.
        user_metadata: Further keys and values of the owner's choice.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("display_name", "name=", "ror=")

    display_name: str
    name: str
    ror: str | None = None
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
            raise wrong_type("OrganisationDomainInfo", "an object", data)
        self = cls.__new__(cls)
        value = data["display_name"]
        if not isinstance(value, str):
            raise wrong_type("OrganisationDomainInfo.display_name", "a string", value)
        self.display_name = value
        value = data["name"]
        if not isinstance(value, str):
            raise wrong_type("OrganisationDomainInfo.name", "a string", value)
        self.name = value
        value = data.get("ror")
        if value is not None and not isinstance(value, str):
            raise wrong_type("OrganisationDomainInfo.ror", "a string", value)
        self.ror = value
        value = data.get("user_metadata")
        self.user_metadata = (
            None if value is None else read_map(value, str, "OrganisationDomainInfo.user_metadata")
        )
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["display_name"] = self.display_name
        data["name"] = self.name
        if self.ror is not None:
            data["ror"] = self.ror
        if self.user_metadata is not None:
            data["user_metadata"] = write_map(self.user_metadata, "OrganisationDomainInfo.user_metadata")
        return data
