from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import wrong_type

__all__ = ("UserLinkUserValidateRequest",)

_FIELDS = frozenset(("person_id",))


@define(kw_only=True, repr=False)
class UserLinkUserValidateRequest(types.Shown):
    """A request to check whether the caller's account can be linked to a person.

    Attributes:
        person_id: Handle of the person.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("person_id",)

    person_id: str
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
            raise wrong_type("UserLinkUserValidateRequest", "an object", data)
        self = cls.__new__(cls)
        value = data["person_id"]
        if not isinstance(value, str):
            raise wrong_type("UserLinkUserValidateRequest.person_id", "a string", value)
        self.person_id = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["person_id"] = self.person_id
        return data
