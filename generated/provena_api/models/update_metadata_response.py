from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import write_object, wrong_type

__all__ = ("UpdateMetadataResponse",)

_FIELDS = frozenset(
    (
        "handle",
        "s3_location",
        "status",
    )
)


@define(kw_only=True, repr=False)
class UpdateMetadataResponse(types.Shown):
    """The outcome of a metadata update.

    Attributes:
        handle: Handle of the dataset.
        s3_location: Location of its files in the object store.
        status: Whether it worked.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("handle", "s3_location=", "status")

    handle: str
    s3_location: S3Location
    status: Status
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
            raise wrong_type("UpdateMetadataResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["handle"]
        if not isinstance(value, str):
            raise wrong_type("UpdateMetadataResponse.handle", "a string", value)
        self.handle = value
        value = data["s3_location"]
        self.s3_location = S3Location.from_dict(value)
        value = data["status"]
        self.status = Status.from_dict(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["handle"] = self.handle
        data["s3_location"] = write_object(self.s3_location, "UpdateMetadataResponse.s3_location")
        data["status"] = write_object(self.status, "UpdateMetadataResponse.status")
        return data


# At the end, so that models may refer to each other in a circle.
from .s3_location import S3Location
from .status import Status
