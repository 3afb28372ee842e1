from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import wrong_type

__all__ = ("DatasetEthicsRegistrationCheck",)

_FIELDS = frozenset(
    (
        "obtained",
        "relevant",
    )
)


@define(kw_only=True, repr=False)
class DatasetEthicsRegistrationCheck(types.Shown):
    """Ethics clearance to register a dataset.

    Attributes:
        obtained: Whether clearance was given.
        relevant: Whether clearance is needed.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("obtained=", "relevant=")

    obtained: bool = False
    relevant: bool = False
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
            raise wrong_type("DatasetEthicsRegistrationCheck", "an object", data)
        self = cls.__new__(cls)
        value = data.get("obtained", False)
        if not isinstance(value, bool):
            raise wrong_type("DatasetEthicsRegistrationCheck.obtained", "a boolean", value)
        self.obtained = value
        value = data.get("relevant", False)
        if not isinstance(value, bool):
            raise wrong_type("DatasetEthicsRegistrationCheck.relevant", "a boolean", value)
        self.relevant = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["obtained"] = self.obtained
        data["relevant"] = self.relevant
        return data
