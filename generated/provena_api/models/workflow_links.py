from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import wrong_type

__all__ = ("WorkflowLinks",)

_FIELDS = frozenset(
    (
        "create_activity_workflow_id",
        "version_activity_workflow_id",
    )
)


@define(kw_only=True, repr=False)
class WorkflowLinks(types.Shown):
    """The jobs that record how an item came to be.

    Attributes:
        create_activity_workflow_id: Id of the job that recorded its making.
        version_activity_workflow_id: Id of the job that recorded its versioning.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("create_activity_workflow_id=", "version_activity_workflow_id=")

    create_activity_workflow_id: str | None = None
    version_activity_workflow_id: str | None = None
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
            raise wrong_type("WorkflowLinks", "an object", data)
        self = cls.__new__(cls)
        value = data.get("create_activity_workflow_id")
        if value is not None and not isinstance(value, str):
            raise wrong_type("WorkflowLinks.create_activity_workflow_id", "a string", value)
        self.create_activity_workflow_id = value
        value = data.get("version_activity_workflow_id")
        if value is not None and not isinstance(value, str):
            raise wrong_type("WorkflowLinks.version_activity_workflow_id", "a string", value)
        self.version_activity_workflow_id = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        if self.create_activity_workflow_id is not None:
            data["create_activity_workflow_id"] = self.create_activity_workflow_id
        if self.version_activity_workflow_id is not None:
            data["version_activity_workflow_id"] = self.version_activity_workflow_id
        return data
