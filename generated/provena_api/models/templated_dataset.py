from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import plain, read_map, write_map, wrong_type
from .dataset_type import DatasetType

__all__ = ("TemplatedDataset",)

_FIELDS = frozenset(
    (
        "dataset_id",
        "dataset_template_id",
        "dataset_type",
        "resources",
    )
)


@define(kw_only=True, repr=False)
class TemplatedDataset(types.Shown):
    """A dataset that fills a place of a template.

    Attributes:
        dataset_id: Handle of the dataset.
        dataset_template_id: Handle of the dataset template.
        dataset_type: Where the dataset is registered.
        resources: The path in the dataset for each key that the template leaves open.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("dataset_id", "dataset_template_id=", "dataset_type=")

    dataset_id: str
    dataset_template_id: str
    dataset_type: DatasetType
    resources: dict[str, str] | None = None
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
            raise wrong_type("TemplatedDataset", "an object", data)
        self = cls.__new__(cls)
        value = data["dataset_id"]
        if not isinstance(value, str):
            raise wrong_type("TemplatedDataset.dataset_id", "a string", value)
        self.dataset_id = value
        value = data["dataset_template_id"]
        if not isinstance(value, str):
            raise wrong_type("TemplatedDataset.dataset_template_id", "a string", value)
        self.dataset_template_id = value
        value = data["dataset_type"]
        self.dataset_type = DatasetType(value)
        value = data.get("resources")
        self.resources = None if value is None else read_map(value, str, "TemplatedDataset.resources")
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["dataset_id"] = self.dataset_id
        data["dataset_template_id"] = self.dataset_template_id
        data["dataset_type"] = plain(self.dataset_type)
        if self.resources is not None:
            data["resources"] = write_map(self.resources, "TemplatedDataset.resources")
        return data
