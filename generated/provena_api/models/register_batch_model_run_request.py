from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_list, write_list, write_object, wrong_type

__all__ = ("RegisterBatchModelRunRequest",)

_FIELDS = frozenset(("records",))


@define(kw_only=True, repr=False)
class RegisterBatchModelRunRequest(types.Shown):
    """A request to register several runs.

    Attributes:
        records: The runs.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("records",)

    records: list[ModelRunRecord]
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
            raise wrong_type("RegisterBatchModelRunRequest", "an object", data)
        self = cls.__new__(cls)
        value = data["records"]
        self.records = [
            ModelRunRecord.from_dict(item)
            for item in read_list(value, object, "RegisterBatchModelRunRequest.records")
        ]
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["records"] = [
            write_object(item, "RegisterBatchModelRunRequest.records")
            for item in write_list(self.records, "RegisterBatchModelRunRequest.records")
        ]
        return data


# At the end, so that models may refer to each other in a circle.
from .model_run_record import ModelRunRecord
