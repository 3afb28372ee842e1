from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import wrong_type

__all__ = ("ReleaseApprovalRequest",)

_FIELDS = frozenset(
    (
        "approver_id",
        "dataset_id",
        "notes",
    )
)


@define(kw_only=True, repr=False)
class ReleaseApprovalRequest(types.Shown):
    """A request to release a dataset.

    Attributes:
        approver_id: Handle of the reviewer to ask.
        dataset_id: Handle of the dataset.
        notes: Remarks for the reviewer, kept in the release history.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("dataset_id", "approver_id=", "notes=")

    approver_id: str
    dataset_id: str
    notes: str
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
            raise wrong_type("ReleaseApprovalRequest", "an object", data)
        self = cls.__new__(cls)
        value = data["approver_id"]
        if not isinstance(value, str):
            raise wrong_type("ReleaseApprovalRequest.approver_id", "a string", value)
        self.approver_id = value
        value = data["dataset_id"]
        if not isinstance(value, str):
            raise wrong_type("ReleaseApprovalRequest.dataset_id", "a string", value)
        self.dataset_id = value
        value = data["notes"]
        if not isinstance(value, str):
            raise wrong_type("ReleaseApprovalRequest.notes", "a string", value)
        self.notes = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["approver_id"] = self.approver_id
        data["dataset_id"] = self.dataset_id
        data["notes"] = self.notes
        return data
