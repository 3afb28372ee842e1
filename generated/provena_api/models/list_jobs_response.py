from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import read_list, write_list, write_object, wrong_type

__all__ = ("ListJobsResponse",)

_FIELDS = frozenset(
    (
        "jobs",
        "pagination_key",
    )
)


@define(kw_only=True, repr=False)
class ListJobsResponse(types.Shown):
    """One page of jobs, newest first.

    Attributes:
        jobs: The jobs.
        pagination_key: Key of the next page; None on the last page only.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("jobs", "pagination_key=")

    jobs: list[Job]
    pagination_key: PaginationKey | None = None
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
            raise wrong_type("ListJobsResponse", "an object", data)
        self = cls.__new__(cls)
        value = data["jobs"]
        self.jobs = [Job.from_dict(item) for item in read_list(value, object, "ListJobsResponse.jobs")]
        value = data.get("pagination_key")
        self.pagination_key = None if value is None else PaginationKey.from_dict(value)
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["jobs"] = [
            write_object(item, "ListJobsResponse.jobs")
            for item in write_list(self.jobs, "ListJobsResponse.jobs")
        ]
        if self.pagination_key is not None:
            data["pagination_key"] = write_object(self.pagination_key, "ListJobsResponse.pagination_key")
        return data


# At the end, so that models may refer to each other in a circle.
from .job import Job
from .pagination_key import PaginationKey
