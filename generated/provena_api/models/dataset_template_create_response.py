from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import write_object, wrong_type

__all__ = ("DatasetTemplateCreateResponse",)

_FIELDS = frozenset(
    (
        "created_item",
        "status",
        "register_create_activity_session_id",
    )
)


@define(kw_only=True, repr=False)
class DatasetTemplateCreateResponse(types.Shown):
    """The outcome of registering a dataset template.

    Attributes:
        created_item: The new dataset template.
        status: Whether it worked.
        register_create_activity_session_id: Id of the job that records its making; None for people and organisations.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("created_item", "status", "register_create_activity_session_id=")

    created_item: ItemDatasetTemplate
    status: Status
    register_create_activity_session_id: str | None = None
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
            raise wrong_type("DatasetTemplateCreateResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["created_item"]
        self.created_item = ItemDatasetTemplate.from_dict(value)
        value = data["status"]
        self.status = Status.from_dict(value)
        value = data.get("register_create_activity_session_id")
        if value is not None and not isinstance(value, str):
            raise wrong_type(
                "DatasetTemplateCreateResponse.register_create_activity_session_id", "a string", value
            )
        self.register_create_activity_session_id = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["created_item"] = write_object(self.created_item, "DatasetTemplateCreateResponse.created_item")
        data["status"] = write_object(self.status, "DatasetTemplateCreateResponse.status")
        if self.register_create_activity_session_id is not None:
            data["register_create_activity_session_id"] = self.register_create_activity_session_id
        return data


# At the end, so that models may refer to each other in a circle.
from .item_dataset_template import ItemDatasetTemplate
from .status import Status
