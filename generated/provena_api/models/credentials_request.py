from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import wrong_type

__all__ = ("CredentialsRequest",)

_FIELDS = frozenset(
    (
        "console_session_required",
        "dataset_id",
    )
)


@define(kw_only=True, repr=False)
class CredentialsRequest(types.Shown):
    """A request for temporary storage credentials.

    Attributes:
        console_session_required: Whether to return a signed URL of a storage console session as well.
        dataset_id: Handle of the dataset.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("dataset_id", "console_session_required=")

    console_session_required: bool
    dataset_id: str
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
            raise wrong_type("CredentialsRequest", "an object", data)
        self = cls.__new__(cls)
        value = data["console_session_required"]
        if not isinstance(value, bool):
            raise wrong_type("CredentialsRequest.console_session_required", "a boolean", value)
        self.console_session_required = value
        value = data["dataset_id"]
        if not isinstance(value, str):
            raise wrong_type("CredentialsRequest.dataset_id", "a string", value)
        self.dataset_id = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["console_session_required"] = self.console_session_required
        data["dataset_id"] = self.dataset_id
        return data
