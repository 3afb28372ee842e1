from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, wrong_type

__all__ = ("PresignedURLRequest",)

_FIELDS = frozenset(
    (
        "dataset_id",
        "file_path",
        "expires_in",
    )
)


@define(kw_only=True, repr=False)
class PresignedURLRequest(types.Shown):
    """A request for a signed URL of one file.

    Attributes:
        dataset_id: Handle of the dataset.
        file_path: Path of the file within the dataset.
        expires_in: How long the URL works, in seconds, from 1 to 86,400.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("dataset_id", "file_path=", "expires_in=")

    dataset_id: str
    file_path: str
    expires_in: int = 10800
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
            raise wrong_type("PresignedURLRequest", "an object", data)
        self = cls.__new__(cls)
        value = data["dataset_id"]
        if not isinstance(value, str):
            raise wrong_type("PresignedURLRequest.dataset_id", "a string", value)
        self.dataset_id = value
        value = data["file_path"]
        if not isinstance(value, str):
            raise wrong_type("PresignedURLRequest.file_path", "a string", value)
        self.file_path = value
        value = data.get("expires_in", 10800)
        if not isinstance(value, NUMBER):
            raise wrong_type("PresignedURLRequest.expires_in", "a number", value)
        self.expires_in = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["dataset_id"] = self.dataset_id
        data["file_path"] = self.file_path
        data["expires_in"] = self.expires_in
        return data
