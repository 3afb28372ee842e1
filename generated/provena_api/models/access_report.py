from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_list, write_list, write_object, wrong_type

__all__ = ("AccessReport",)

_FIELDS = frozenset(("components",))


@define(kw_only=True, repr=False)
class AccessReport(types.Shown):
    """Roles, by the part of Provena they are for.

    Attributes:
        components: The parts, with their roles.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("components",)

    components: list[ReportAuthorisationComponent]
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
            raise wrong_type("AccessReport", "an object", data)
        self = cls.__new__(cls)
        value = data["components"]
        self.components = [
            ReportAuthorisationComponent.from_dict(item)
            for item in read_list(value, object, "AccessReport.components")
        ]
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["components"] = [
            write_object(item, "AccessReport.components")
            for item in write_list(self.components, "AccessReport.components")
        ]
        return data


# At the end, so that models may refer to each other in a circle.
from .report_authorisation_component import ReportAuthorisationComponent
