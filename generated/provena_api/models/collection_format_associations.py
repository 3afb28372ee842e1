from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import wrong_type

__all__ = ("CollectionFormatAssociations",)

_FIELDS = frozenset(
    (
        "organisation_id",
        "data_custodian_id",
        "point_of_contact",
    )
)


@define(kw_only=True, repr=False)
class CollectionFormatAssociations(types.Shown):
    """The people and organisations behind a dataset.

    Attributes:
        organisation_id: Handle of the organisation that records the dataset.
        data_custodian_id: Handle of the person responsible for the dataset.
        point_of_contact: Contact for questions about the dataset, in free text.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("organisation_id=", "data_custodian_id=", "point_of_contact=")

    organisation_id: str
    data_custodian_id: str | None = None
    point_of_contact: str | None = None
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
            raise wrong_type("CollectionFormatAssociations", "an object", data)
        self = cls.__new__(cls)
        value = data["organisation_id"]
        if not isinstance(value, str):
            raise wrong_type("CollectionFormatAssociations.organisation_id", "a string", value)
        self.organisation_id = value
        value = data.get("data_custodian_id")
        if value is not None and not isinstance(value, str):
            raise wrong_type("CollectionFormatAssociations.data_custodian_id", "a string", value)
        self.data_custodian_id = value
        value = data.get("point_of_contact")
        if value is not None and not isinstance(value, str):
            raise wrong_type("CollectionFormatAssociations.point_of_contact", "a string", value)
        self.point_of_contact = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["organisation_id"] = self.organisation_id
        if self.data_custodian_id is not None:
            data["data_custodian_id"] = self.data_custodian_id
        if self.point_of_contact is not None:
            data["point_of_contact"] = self.point_of_contact
        return data
