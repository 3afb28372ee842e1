from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import NUMBER, plain, read_map, write_map, wrong_type
from .job_status import JobStatus
from .job_sub_type import JobSubType
from .job_type import JobType

__all__ = ("Job",)

_FIELDS = frozenset(
    (
        "session_id",
        "created_timestamp",
        "username",
        "payload",
        "job_type",
        "job_sub_type",
        "status",
        "batch_id",
        "gsi_status",
        "info",
        "result",
    )
)


@define(kw_only=True, repr=False)
class Job(types.Guarded):
    """Work that a service does after it has answered.

    Attributes:
        session_id: Id of the job.
        created_timestamp: When it was requested, in Unix seconds.
        username: Whose request it was.
        payload: What it works on; the keys depend on its kind.
        job_type: The worker that does it.
        job_sub_type: What it does.
        status: How far it is.
        batch_id: Id of the batch it belongs to; None for a single job.
        gsi_status: For the service's own use.
        info: Why it failed; None otherwise.
        result: What it made, once it has succeeded; the keys depend on its kind.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("session_id", "username=", "job_type=")

    session_id: str
    created_timestamp: int
    username: str
    payload: dict[str, Any] = field(repr=False)
    job_type: JobType
    job_sub_type: JobSubType
    status: JobStatus
    batch_id: str | None = None
    gsi_status: str | None = None
    info: str | None = None
    result: dict[str, Any] | None = field(default=None, repr=False)
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
            raise wrong_type("Job", "an object", data)
        self = cls.__new__(cls)
        value = data["session_id"]
        if not isinstance(value, str):
            raise wrong_type("Job.session_id", "a string", value)
        self.session_id = value
        value = data["created_timestamp"]
        if not isinstance(value, NUMBER):
            raise wrong_type("Job.created_timestamp", "a number", value)
        self.created_timestamp = value
        value = data["username"]
        if not isinstance(value, str):
            raise wrong_type("Job.username", "a string", value)
        self.username = value
        value = data["payload"]
        self.payload = read_map(value, object, "Job.payload")
        value = data["job_type"]
        self.job_type = JobType(value)
        value = data["job_sub_type"]
        self.job_sub_type = JobSubType(value)
        value = data["status"]
        self.status = JobStatus(value)
        value = data.get("batch_id")
        if value is not None and not isinstance(value, str):
            raise wrong_type("Job.batch_id", "a string", value)
        self.batch_id = value
        value = data.get("gsi_status")
        if value is not None and not isinstance(value, str):
            raise wrong_type("Job.gsi_status", "a string", value)
        self.gsi_status = value
        value = data.get("info")
        if value is not None and not isinstance(value, str):
            raise wrong_type("Job.info", "a string", value)
        self.info = value
        value = data.get("result")
        self.result = None if value is None else read_map(value, object, "Job.result")
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        data["session_id"] = self.session_id
        data["created_timestamp"] = self.created_timestamp
        data["username"] = self.username
        data["payload"] = write_map(self.payload, "Job.payload")
        data["job_type"] = plain(self.job_type)
        data["job_sub_type"] = plain(self.job_sub_type)
        data["status"] = plain(self.status)
        if self.batch_id is not None:
            data["batch_id"] = self.batch_id
        if self.gsi_status is not None:
            data["gsi_status"] = self.gsi_status
        if self.info is not None:
            data["info"] = self.info
        if self.result is not None:
            data["result"] = write_map(self.result, "Job.result")
        return data
