from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import wrong_type

__all__ = ("VersionResponse",)

_FIELDS = frozenset(
    (
        "new_version_id",
        "version_job_session_id",
    )
)


@define(kw_only=True, repr=False)
class VersionResponse(types.Shown):
    """The outcome of making a new version.

    Attributes:
        new_version_id: Handle of the new version.
        version_job_session_id: Id of the job that records the versioning.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("new_version_id", "version_job_session_id=")

    new_version_id: str
    version_job_session_id: str
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
            raise wrong_type("VersionResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["new_version_id"]
        if not isinstance(value, str):
            raise wrong_type("VersionResponse.new_version_id", "a string", value)
        self.new_version_id = value
        value = data["version_job_session_id"]
        if not isinstance(value, str):
            raise wrong_type("VersionResponse.version_job_session_id", "a string", value)
        self.version_job_session_id = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["new_version_id"] = self.new_version_id
        data["version_job_session_id"] = self.version_job_session_id
        return data
