from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import write_object, wrong_type

__all__ = ("AddStudyLinkResponse",)

_FIELDS = frozenset(
    (
        "model_run_id",
        "session_id",
        "status",
        "study_id",
    )
)


@define(kw_only=True, repr=False)
class AddStudyLinkResponse(types.Shown):
    """The outcome of linking a run to a study.

    Attributes:
        model_run_id: Handle of the run.
        session_id: Id of the job.
        status: Whether the job was started.
        study_id: Handle of the study.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("session_id", "model_run_id=", "study_id=")

    model_run_id: str
    session_id: str
    status: Status
    study_id: str
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
            raise wrong_type("AddStudyLinkResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["model_run_id"]
        if not isinstance(value, str):
            raise wrong_type("AddStudyLinkResponse.model_run_id", "a string", value)
        self.model_run_id = value
        value = data["session_id"]
        if not isinstance(value, str):
            raise wrong_type("AddStudyLinkResponse.session_id", "a string", value)
        self.session_id = value
        value = data["status"]
        self.status = Status.from_dict(value)
        value = data["study_id"]
        if not isinstance(value, str):
            raise wrong_type("AddStudyLinkResponse.study_id", "a string", value)
        self.study_id = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["model_run_id"] = self.model_run_id
        data["session_id"] = self.session_id
        data["status"] = write_object(self.status, "AddStudyLinkResponse.status")
        data["study_id"] = self.study_id
        return data


# At the end, so that models may refer to each other in a circle.
from .status import Status
