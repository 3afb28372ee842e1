from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import wrong_type

__all__ = ("GenerateReportResponse",)

_FIELDS = frozenset(("session_id",))


@define(kw_only=True, repr=False)
class GenerateReportResponse(types.Shown):
    """The job that writes a report.

    Attributes:
        session_id: Id of the job.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("session_id",)

    session_id: str
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
            raise wrong_type("GenerateReportResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["session_id"]
        if not isinstance(value, str):
            raise wrong_type("GenerateReportResponse.session_id", "a string", value)
        self.session_id = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["session_id"] = self.session_id
        return data
