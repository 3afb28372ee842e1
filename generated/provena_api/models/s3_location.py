from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import wrong_type

__all__ = ("S3Location",)

_FIELDS = frozenset(
    (
        "bucket_name",
        "path",
        "s3_uri",
    )
)


@define(kw_only=True, repr=False)
class S3Location(types.Shown):
    """A place in the object store.

    Attributes:
        bucket_name: The bucket.
        path: The prefix within the bucket, ending in a slash.
        s3_uri: Bucket and prefix as an s3:// URL.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("bucket_name=", "path=", "s3_uri=")

    bucket_name: str
    path: str
    s3_uri: str
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
            raise wrong_type("S3Location", "an object", data)
        self = cls.__new__(cls)
        value = data["bucket_name"]
        if not isinstance(value, str):
            raise wrong_type("S3Location.bucket_name", "a string", value)
        self.bucket_name = value
        value = data["path"]
        if not isinstance(value, str):
            raise wrong_type("S3Location.path", "a string", value)
        self.path = value
        value = data["s3_uri"]
        if not isinstance(value, str):
            raise wrong_type("S3Location.s3_uri", "a string", value)
        self.s3_uri = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["bucket_name"] = self.bucket_name
        data["path"] = self.path
        data["s3_uri"] = self.s3_uri
        return data
