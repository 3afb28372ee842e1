from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import wrong_type

__all__ = ("ActionApprovalRequest",)

_FIELDS = frozenset(
    (
        "approve",
        "dataset_id",
        "notes",
    )
)


@define(kw_only=True, repr=False)
class ActionApprovalRequest(types.Shown):
    """A reviewer's decision on a release.

    Attributes:
        approve: True to release the dataset, False to turn the request down.
        dataset_id: Handle of the dataset.
        notes: The reviewer's remarks, kept in the release history.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("dataset_id", "approve=", "notes=")

    approve: bool
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
            raise wrong_type("ActionApprovalRequest", "an object", data)
        self = cls.__new__(cls)
        value = data["approve"]
        if not isinstance(value, bool):
            raise wrong_type("ActionApprovalRequest.approve", "a boolean", value)
        self.approve = value
        value = data["dataset_id"]
        if not isinstance(value, str):
            raise wrong_type("ActionApprovalRequest.dataset_id", "a string", value)
        self.dataset_id = value
        value = data["notes"]
        if not isinstance(value, str):
            raise wrong_type("ActionApprovalRequest.notes", "a string", value)
        self.notes = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["approve"] = self.approve
        data["dataset_id"] = self.dataset_id
        data["notes"] = self.notes
        return data
