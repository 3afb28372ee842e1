from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, read_list, read_map, write_list, write_map, wrong_type

__all__ = ("ValidationError",)

_FIELDS = frozenset(
    (
        "loc",
        "msg",
        "type",
        "ctx",
    )
)


@define(kw_only=True, repr=False)
class ValidationError(types.Shown):
    """One place where a request does not match the schema.

    Attributes:
        loc: The path to the place, from the outside in.
        msg: What is wrong there, in words.
        type: The kind of fault.
        ctx: The violated limits, if any.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("msg=", "type=", "loc")

    loc: list[str | int]
    msg: str
    type: str
    ctx: dict[str, Any] | None = None
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
            raise wrong_type("ValidationError", "an object", data)
        self = cls.__new__(cls)
        value = data["loc"]
        self.loc = read_list(value, (str, *NUMBER), "ValidationError.loc")
        value = data["msg"]
        if not isinstance(value, str):
            raise wrong_type("ValidationError.msg", "a string", value)
        self.msg = value
        value = data["type"]
        if not isinstance(value, str):
            raise wrong_type("ValidationError.type", "a string", value)
        self.type = value
        value = data.get("ctx")
        self.ctx = None if value is None else read_map(value, object, "ValidationError.ctx")
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["loc"] = write_list(self.loc, "ValidationError.loc")
        data["msg"] = self.msg
        data["type"] = self.type
        if self.ctx is not None:
            data["ctx"] = write_map(self.ctx, "ValidationError.ctx")
        return data
