from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, read_list, read_map, write_list, write_map, write_object, wrong_type

__all__ = ("ModelRunRecord",)

_FIELDS = frozenset(
    (
        "associations",
        "description",
        "display_name",
        "end_time",
        "inputs",
        "outputs",
        "start_time",
        "workflow_template_id",
        "annotations",
        "model_version",
        "study_id",
    )
)


@define(kw_only=True, repr=False)
class ModelRunRecord(types.Shown):
    """A run of a model.

    Attributes:
        associations: Who ran it, and for whom.
        description: What was run.
        display_name: The run's name.
        end_time: When it ended, in Unix seconds.
        inputs: The datasets that were read, one for each input of the template.
        outputs: The datasets that were written, one for each output of the template.
        start_time: When it began, in Unix seconds.
        workflow_template_id: Handle of the template that says which inputs and outputs a run has.
        annotations: Further keys and values, those of the template and others.
        model_version: Version of the model.
        study_id: Handle of the study that the run is part of.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("display_name", "description=", "end_time=")

    associations: AssociationInfo
    description: str
    display_name: str
    end_time: int
    inputs: list[TemplatedDataset]
    outputs: list[TemplatedDataset]
    start_time: int
    workflow_template_id: str
    annotations: dict[str, str] | None = None
    model_version: str | None = None
    study_id: str | None = None
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
            raise wrong_type("ModelRunRecord", "an object", data)
        self = cls.__new__(cls)
        value = data["associations"]
        self.associations = AssociationInfo.from_dict(value)
        value = data["description"]
        if not isinstance(value, str):
            raise wrong_type("ModelRunRecord.description", "a string", value)
        self.description = value
        value = data["display_name"]
        if not isinstance(value, str):
            raise wrong_type("ModelRunRecord.display_name", "a string", value)
        self.display_name = value
        value = data["end_time"]
        if not isinstance(value, NUMBER):
            raise wrong_type("ModelRunRecord.end_time", "a number", value)
        self.end_time = value
        value = data["inputs"]
        self.inputs = [
            TemplatedDataset.from_dict(item) for item in read_list(value, object, "ModelRunRecord.inputs")
        ]
        value = data["outputs"]
        self.outputs = [
            TemplatedDataset.from_dict(item) for item in read_list(value, object, "ModelRunRecord.outputs")
        ]
        value = data["start_time"]
        if not isinstance(value, NUMBER):
            raise wrong_type("ModelRunRecord.start_time", "a number", value)
        self.start_time = value
        value = data["workflow_template_id"]
        if not isinstance(value, str):
            raise wrong_type("ModelRunRecord.workflow_template_id", "a string", value)
        self.workflow_template_id = value
        value = data.get("annotations")
        self.annotations = None if value is None else read_map(value, str, "ModelRunRecord.annotations")
        value = data.get("model_version")
        if value is not None and not isinstance(value, str):
            raise wrong_type("ModelRunRecord.model_version", "a string", value)
        self.model_version = value
        value = data.get("study_id")
        if value is not None and not isinstance(value, str):
            raise wrong_type("ModelRunRecord.study_id", "a string", value)
        self.study_id = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["associations"] = write_object(self.associations, "ModelRunRecord.associations")
        data["description"] = self.description
        data["display_name"] = self.display_name
        data["end_time"] = self.end_time
        data["inputs"] = [
            write_object(item, "ModelRunRecord.inputs")
            for item in write_list(self.inputs, "ModelRunRecord.inputs")
        ]
        data["outputs"] = [
            write_object(item, "ModelRunRecord.outputs")
            for item in write_list(self.outputs, "ModelRunRecord.outputs")
        ]
        data["start_time"] = self.start_time
        data["workflow_template_id"] = self.workflow_template_id
        if self.annotations is not None:
            data["annotations"] = write_map(self.annotations, "ModelRunRecord.annotations")
        if self.model_version is not None:
            data["model_version"] = self.model_version
        if self.study_id is not None:
            data["study_id"] = self.study_id
        return data


# At the end, so that models may refer to each other in a circle.
from .association_info import AssociationInfo
from .templated_dataset import TemplatedDataset
