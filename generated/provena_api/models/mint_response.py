from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import write_object, wrong_type

__all__ = ("MintResponse",)

_FIELDS = frozenset(
    (
        "status",
        "handle",
        "register_create_activity_session_id",
        "s3_location",
    )
)


@define(kw_only=True, repr=False)
class MintResponse(types.Shown):
    """The outcome of registering a dataset.

    Attributes:
        status: Whether it worked; when it did not, the rest is None.
        handle: The new dataset's handle.
        register_create_activity_session_id: Id of the job that records the dataset's making.
        s3_location: Location for its files in the object store.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("handle", "status", "register_create_activity_session_id=")

    status: Status
    handle: str | None = None
    register_create_activity_session_id: str | None = None
    s3_location: S3Location | None = None
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
            raise wrong_type("MintResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["status"]
        self.status = Status.from_dict(value)
        value = data.get("handle")
        if value is not None and not isinstance(value, str):
            raise wrong_type("MintResponse.handle", "a string", value)
        self.handle = value
        value = data.get("register_create_activity_session_id")
        if value is not None and not isinstance(value, str):
            raise wrong_type("MintResponse.register_create_activity_session_id", "a string", value)
        self.register_create_activity_session_id = value
        value = data.get("s3_location")
        self.s3_location = None if value is None else S3Location.from_dict(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["status"] = write_object(self.status, "MintResponse.status")
        if self.handle is not None:
            data["handle"] = self.handle
        if self.register_create_activity_session_id is not None:
            data["register_create_activity_session_id"] = self.register_create_activity_session_id
        if self.s3_location is not None:
            data["s3_location"] = write_object(self.s3_location, "MintResponse.s3_location")
        return data


# At the end, so that models may refer to each other in a circle.
from .s3_location import S3Location
from .status import Status
