from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import wrong_type

__all__ = ("CollectionFormatSpatialInfo",)

_FIELDS = frozenset(
    (
        "coverage",
        "extent",
        "resolution",
    )
)


@define(kw_only=True, repr=False)
class CollectionFormatSpatialInfo(types.Shown):
    """The area that a dataset's data cover.

    Attributes:
        coverage: The area covered, as extended well-known text.
        extent: The bounding box, as extended well-known text.
        resolution: The spatial resolution, in decimal degrees.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("coverage=", "extent=", "resolution=")

    coverage: str | None = None
    extent: str | None = None
    resolution: str | None = None
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
            raise wrong_type("CollectionFormatSpatialInfo", "an object", data)
        self = cls.__new__(cls)
        value = data.get("coverage")
        if value is not None and not isinstance(value, str):
            raise wrong_type("CollectionFormatSpatialInfo.coverage", "a string", value)
        self.coverage = value
        value = data.get("extent")
        if value is not None and not isinstance(value, str):
            raise wrong_type("CollectionFormatSpatialInfo.extent", "a string", value)
        self.extent = value
        value = data.get("resolution")
        if value is not None and not isinstance(value, str):
            raise wrong_type("CollectionFormatSpatialInfo.resolution", "a string", value)
        self.resolution = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        if self.coverage is not None:
            data["coverage"] = self.coverage
        if self.extent is not None:
            data["extent"] = self.extent
        if self.resolution is not None:
            data["resolution"] = self.resolution
        return data
