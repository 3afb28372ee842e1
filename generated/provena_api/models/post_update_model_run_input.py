from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import write_object, wrong_type

__all__ = ("PostUpdateModelRunInput",)

_FIELDS = frozenset(
    (
        "model_run_id",
        "reason",
        "record",
    )
)


@define(kw_only=True, repr=False)
class PostUpdateModelRunInput(types.Shown):
    """A request to replace the record of a run.

    Attributes:
        model_run_id: Handle of the run.
        reason: Why; kept in the history.
        record: The new record.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("model_run_id=", "reason=", "record=")

    model_run_id: str
    reason: str
    record: ModelRunRecord
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
            raise wrong_type("PostUpdateModelRunInput", "an object", data)
        self = cls.__new__(cls)
        value = data["model_run_id"]
        if not isinstance(value, str):
            raise wrong_type("PostUpdateModelRunInput.model_run_id", "a string", value)
        self.model_run_id = value
        value = data["reason"]
        if not isinstance(value, str):
            raise wrong_type("PostUpdateModelRunInput.reason", "a string", value)
        self.reason = value
        value = data["record"]
        self.record = ModelRunRecord.from_dict(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["model_run_id"] = self.model_run_id
        data["reason"] = self.reason
        data["record"] = write_object(self.record, "PostUpdateModelRunInput.record")
        return data


# At the end, so that models may refer to each other in a circle.
from .model_run_record import ModelRunRecord
