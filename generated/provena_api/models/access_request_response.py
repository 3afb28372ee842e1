from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import write_object, wrong_type

__all__ = ("AccessRequestResponse",)

_FIELDS = frozenset(("status",))


@define(kw_only=True, repr=False)
class AccessRequestResponse(types.Shown):
    """The outcome of asking for roles.

    Attributes:
        status: Whether the request was taken; False when it changes nothing or another is pending.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("status",)

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
            raise wrong_type("AccessRequestResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["status"]
        self.status = Status.from_dict(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["status"] = write_object(self.status, "AccessRequestResponse.status")
        return data


# At the end, so that models may refer to each other in a circle.
from .status import Status
