from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_list, write_list, write_object, wrong_type

__all__ = ("HTTPValidationError",)

_FIELDS = frozenset(("detail",))


@define(kw_only=True, repr=False)
class HTTPValidationError(types.Shown):
    """The body of a 422.

    Attributes:
        detail: What is wrong, one entry per place.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("detail",)

    detail: list[ValidationError] | None = None
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
            raise wrong_type("HTTPValidationError", "an object", data)
        self = cls.__new__(cls)
        value = data.get("detail")
        self.detail = (
            None
            if value is None
            else [
                ValidationError.from_dict(item)
                for item in read_list(value, object, "HTTPValidationError.detail")
            ]
        )
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        if self.detail is not None:
            data["detail"] = [
                write_object(item, "HTTPValidationError.detail")
                for item in write_list(self.detail, "HTTPValidationError.detail")
            ]
        return data


# At the end, so that models may refer to each other in a circle.
from .validation_error import ValidationError
