from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import write_object, wrong_type

__all__ = ("CollectionFormatApprovals",)

_FIELDS = frozenset(
    (
        "ethics_access",
        "ethics_registration",
        "export_controls",
        "indigenous_knowledge",
    )
)


@define(kw_only=True, repr=False)
class CollectionFormatApprovals(types.Shown):
    """What had to be cleared before the dataset could be registered.

    Attributes:
        ethics_access: Ethics clearance to give access to the dataset.
        ethics_registration: Ethics clearance to register the dataset.
        export_controls: Clearance under export control rules.
        indigenous_knowledge: Consent for Indigenous knowledge in the dataset.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("ethics_access=", "ethics_registration=", "export_controls=")

    ethics_access: DatasetEthicsAccessCheck
    ethics_registration: DatasetEthicsRegistrationCheck
    export_controls: ExportControls
    indigenous_knowledge: IndigenousKnowledgeCheck
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
            raise wrong_type("CollectionFormatApprovals", "an object", data)
        self = cls.__new__(cls)
        value = data["ethics_access"]
        self.ethics_access = DatasetEthicsAccessCheck.from_dict(value)
        value = data["ethics_registration"]
        self.ethics_registration = DatasetEthicsRegistrationCheck.from_dict(value)
        value = data["export_controls"]
        self.export_controls = ExportControls.from_dict(value)
        value = data["indigenous_knowledge"]
        self.indigenous_knowledge = IndigenousKnowledgeCheck.from_dict(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["ethics_access"] = write_object(self.ethics_access, "CollectionFormatApprovals.ethics_access")
        data["ethics_registration"] = write_object(
            self.ethics_registration, "CollectionFormatApprovals.ethics_registration"
        )
        data["export_controls"] = write_object(
            self.export_controls, "CollectionFormatApprovals.export_controls"
        )
        data["indigenous_knowledge"] = write_object(
            self.indigenous_knowledge, "CollectionFormatApprovals.indigenous_knowledge"
        )
        return data


# At the end, so that models may refer to each other in a circle.
from .dataset_ethics_access_check import DatasetEthicsAccessCheck
from .dataset_ethics_registration_check import DatasetEthicsRegistrationCheck
from .export_controls import ExportControls
from .indigenous_knowledge_check import IndigenousKnowledgeCheck
