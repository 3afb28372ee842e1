from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import write_object, wrong_type

__all__ = ("CollectionFormatTemporalInfo",)

_FIELDS = frozenset(
    (
        "duration",
        "resolution",
    )
)


@define(kw_only=True, repr=False)
class CollectionFormatTemporalInfo(types.Shown):
    """What span of time a dataset's data covers.

    Attributes:
        duration: First and last day covered.
        resolution: The temporal resolution, as an ISO 8601 duration.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("resolution=", "duration=")

    duration: TemporalDurationInfo | None = None
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
            raise wrong_type("CollectionFormatTemporalInfo", "an object", data)
        self = cls.__new__(cls)
        value = data.get("duration")
        self.duration = None if value is None else TemporalDurationInfo.from_dict(value)
        value = data.get("resolution")
        if value is not None and not isinstance(value, str):
            raise wrong_type("CollectionFormatTemporalInfo.resolution", "a string", value)
        self.resolution = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        if self.duration is not None:
            data["duration"] = write_object(self.duration, "CollectionFormatTemporalInfo.duration")
        if self.resolution is not None:
            data["resolution"] = self.resolution
        return data


# At the end, so that models may refer to each other in a circle.
from .temporal_duration_info import TemporalDurationInfo
