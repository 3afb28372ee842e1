from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import wrong_type

__all__ = ("AssociationInfo",)

_FIELDS = frozenset(
    (
        "modeller_id",
        "requesting_organisation_id",
    )
)


@define(kw_only=True, repr=False)
class AssociationInfo(types.Shown):
    """Who ran a model, and for whom.

    Attributes:
        modeller_id: Handle of the person who ran it.
        requesting_organisation_id: Handle of the organisation that asked for it.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("modeller_id=", "requesting_organisation_id=")

    modeller_id: str
    requesting_organisation_id: str | None = None
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
            raise wrong_type("AssociationInfo", "an object", data)
        self = cls.__new__(cls)
        value = data["modeller_id"]
        if not isinstance(value, str):
            raise wrong_type("AssociationInfo.modeller_id", "a string", value)
        self.modeller_id = value
        value = data.get("requesting_organisation_id")
        if value is not None and not isinstance(value, str):
            raise wrong_type("AssociationInfo.requesting_organisation_id", "a string", value)
        self.requesting_organisation_id = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["modeller_id"] = self.modeller_id
        if self.requesting_organisation_id is not None:
            data["requesting_organisation_id"] = self.requesting_organisation_id
        return data
