from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import write_object, wrong_type

__all__ = ("AccessReportResponse",)

_FIELDS = frozenset(
    (
        "report",
        "status",
    )
)


@define(kw_only=True, repr=False)
class AccessReportResponse(types.Shown):
    """The roles of the deployment, and which of them the caller has.

    Attributes:
        report: The roles.
        status: Whether it worked.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("report", "status")

    report: AccessReport
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
            raise wrong_type("AccessReportResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["report"]
        self.report = AccessReport.from_dict(value)
        value = data["status"]
        self.status = Status.from_dict(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["report"] = write_object(self.report, "AccessReportResponse.report")
        data["status"] = write_object(self.status, "AccessReportResponse.status")
        return data


# At the end, so that models may refer to each other in a circle.
from .access_report import AccessReport
from .status import Status
