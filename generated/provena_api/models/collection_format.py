from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import write_object, wrong_type

__all__ = ("CollectionFormat",)

_FIELDS = frozenset(
    (
        "approvals",
        "associations",
        "dataset_info",
    )
)


@define(kw_only=True, repr=False)
class CollectionFormat(types.Shown):
    """The metadata of a dataset, as its owner writes it.

    Attributes:
        approvals: What had to be cleared before the dataset could be registered.
        associations: The people and organisations behind the dataset.
        dataset_info: What the dataset is.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("dataset_info", "approvals=", "associations=")

    approvals: CollectionFormatApprovals
    associations: CollectionFormatAssociations
    dataset_info: CollectionFormatDatasetInfo
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
            raise wrong_type("CollectionFormat", "an object", data)
        self = cls.__new__(cls)
        value = data["approvals"]
        self.approvals = CollectionFormatApprovals.from_dict(value)
        value = data["associations"]
        self.associations = CollectionFormatAssociations.from_dict(value)
        value = data["dataset_info"]
        self.dataset_info = CollectionFormatDatasetInfo.from_dict(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["approvals"] = write_object(self.approvals, "CollectionFormat.approvals")
        data["associations"] = write_object(self.associations, "CollectionFormat.associations")
        data["dataset_info"] = write_object(self.dataset_info, "CollectionFormat.dataset_info")
        return data


# At the end, so that models may refer to each other in a circle.
from .collection_format_approvals import CollectionFormatApprovals
from .collection_format_associations import CollectionFormatAssociations
from .collection_format_dataset_info import CollectionFormatDatasetInfo
