"""The job service."""

from __future__ import annotations

from typing import Any, Final, NoReturn

from provena_sdk.sandbox.data.jobs import Job, Jobs
from provena_sdk.sandbox.http.server import Response, json_response
from provena_sdk.sandbox.http.validation import text_parameter
from provena_sdk.sandbox.serving.service import Call, Deployment, Refused, Service

_READ, _WRITE, _ADMIN = (f"job-service-{level}" for level in ("read", "write", "admin"))
_LEVELS: Final = {
    "general": (),
    "read": (_READ,),
    "write": (_READ, _WRITE),
    "admin": (_READ, _WRITE, _ADMIN),
}
_UNEXPECTED: Final = "Unexpected internal error occurred: Failed to {} the job status table, err: {}."
_EMPTY: Final = (
    "An error occurred (ValidationException) when calling the {} operation: One or more parameter values are not "
    "valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: {}"
)
_NO_LIMIT: Final = (
    "Parameter validation failed:\nInvalid value for parameter Limit, value: {}, valid min value: 1"
)
_FOREIGN_KEY: Final = (
    "An error occurred (ValidationException) when calling the Query operation: "
    "The provided starting key is invalid"
)


class JobRoutes:
    """The routes below ``/jobs``."""

    def __init__(self, service: Service) -> None:
        self._deployment: Deployment = service.deployment
        session = {"session_id": (text_parameter, True)}
        service.route("GET", "/jobs/user/fetch", self._fetch, [], query=session)
        service.route("POST", "/jobs/user/list", self._list, [], body="ListJobsRequest")
        service.route("POST", "/jobs/user/list_batch", self._list_batch, [], body="ListByBatchRequest")
        service.route("GET", "/jobs/admin/fetch", self._fetch_any, [_READ], query=session)

    @property
    def _jobs(self) -> Jobs:
        return self._deployment.work.jobs

    def _fetch(self, call: Call) -> Response:
        job = self._find(call.query["session_id"])
        if job.username != call.identity.username:
            raise Refused(401, "Not authorised to view this record.")
        return self._one(job)

    def _fetch_any(self, call: Call) -> Response:
        return self._one(self._find(call.query["session_id"]))

    def _list(self, call: Call) -> Response:
        username = call.identity.username
        return self._page(self._jobs.of(username), call.body, {"username": username})

    def _list_batch(self, call: Call) -> Response:
        batch = call.body["batch_id"]
        if not batch:
            _fail("query from", _EMPTY.format("Query", "batch_id"))
        jobs = self._jobs.batch(batch)
        if any(job.username != call.identity.username for job in jobs):
            raise Refused(401, "Batch contains items which you do not own. Not authorised.")
        return self._page(jobs, call.body, {"batch_id": batch})

    def _find(self, session_id: str) -> Job:
        if not session_id:
            _fail("read from", _EMPTY.format("GetItem", "session_id"))
        job = self._jobs.get(session_id)
        if job is None:
            raise Refused(400, "Item was not found.")
        return job

    def _one(self, job: Job) -> Response:
        return json_response({"job": self._jobs.document(job)})

    def _page(self, jobs: list[Job], asked: dict[str, Any], partition: dict[str, str]) -> Response:
        limit, key = asked["limit"], asked["pagination_key"]
        if limit < 1:
            _fail("query from", _NO_LIMIT.format(limit))
        documents = [self._jobs.document(job) for job in jobs]
        keys = [
            {"session_id": row["session_id"], **partition, "created_timestamp": row["created_timestamp"]}
            for row in documents
        ]
        start = 0
        if key is not None:
            if key not in keys:
                _fail("query from", _FOREIGN_KEY)
            start = keys.index(key) + 1
        page = documents[start : start + limit]
        following = keys[start + limit - 1] if len(page) == limit else None
        return json_response({"jobs": page, "pagination_key": following})


def job(deployment: Deployment) -> Service:
    """Return the job service of a deployment."""
    service = Service("job", deployment, _LEVELS)
    JobRoutes(service)
    return service


def _fail(doing: str, error: str) -> NoReturn:
    raise Refused(500, _UNEXPECTED.format(doing, error))
