from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import wrong_type

__all__ = ("ReleaseApprovalRequestResponse",)

_FIELDS = frozenset(
    (
        "dataset_id",
        "approver_id",
        "details",
    )
)


@define(kw_only=True, repr=False)
class ReleaseApprovalRequestResponse(types.Shown):
    """The outcome of asking for a release.

    Attributes:
        dataset_id: Handle of the dataset.
        approver_id: Handle of the reviewer who was asked.
        details: What happened, in words.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("dataset_id", "approver_id=", "details=")

    dataset_id: str
    approver_id: str
    details: str
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
            raise wrong_type("ReleaseApprovalRequestResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["dataset_id"]
        if not isinstance(value, str):
            raise wrong_type("ReleaseApprovalRequestResponse.dataset_id", "a string", value)
        self.dataset_id = value
        value = data["approver_id"]
        if not isinstance(value, str):
            raise wrong_type("ReleaseApprovalRequestResponse.approver_id", "a string", value)
        self.approver_id = value
        value = data["details"]
        if not isinstance(value, str):
            raise wrong_type("ReleaseApprovalRequestResponse.details", "a string", value)
        self.details = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["dataset_id"] = self.dataset_id
        data["approver_id"] = self.approver_id
        data["details"] = self.details
        return data
