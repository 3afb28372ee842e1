from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import plain, read_list, write_list, write_object, wrong_type
from .component_name import ComponentName

__all__ = ("ReportAuthorisationComponent",)

_FIELDS = frozenset(
    (
        "component_name",
        "component_roles",
    )
)


@define(kw_only=True, repr=False)
class ReportAuthorisationComponent(types.Shown):
    """A part of Provena and its roles.

    Attributes:
        component_name: The part.
        component_roles: Its roles.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("component_name=", "component_roles")

    component_name: ComponentName
    component_roles: list[ReportComponentRole]
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
            raise wrong_type("ReportAuthorisationComponent", "an object", data)
        self = cls.__new__(cls)
        value = data["component_name"]
        self.component_name = ComponentName(value)
        value = data["component_roles"]
        self.component_roles = [
            ReportComponentRole.from_dict(item)
            for item in read_list(value, object, "ReportAuthorisationComponent.component_roles")
        ]
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["component_name"] = plain(self.component_name)
        data["component_roles"] = [
            write_object(item, "ReportAuthorisationComponent.component_roles")
            for item in write_list(self.component_roles, "ReportAuthorisationComponent.component_roles")
        ]
        return data


# At the end, so that models may refer to each other in a circle.
from .report_component_role import ReportComponentRole
