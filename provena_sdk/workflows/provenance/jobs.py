"""Workflows for jobs: the work that services do after they have answered."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from attrs import evolve
from provena_api.models import Job, ListByBatchRequest, ListJobsRequest, PaginationKey

from provena_sdk.display.amounts import duration
from provena_sdk.display.text import printable, server_text
from provena_sdk.errors import (
    BadRequest,
    CertificateRejected,
    ConnectionFailed,
    JobFailed,
    JobNotFound,
    JobTimedOut,
    ProvenaError,
    RateLimited,
    ServerError,
)
from provena_sdk.operations import arguments, catalogue
from provena_sdk.operations.workflow import Workflow, call, pause
from provena_sdk.paging import Page, PageKey

TIMEOUT_SECONDS: Final = 600.0
"""How long to wait for a job by default."""

LOOK_SECONDS: Final = 10.0
"""How long one look at a job may take while waiting; the next look takes the place of a retry."""

_ROWS: Final = 100
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0
_GROWTH: Final = 1.5
# How long the row of a job may be missing: it is written behind a queue.
_UNWRITTEN_SECONDS: Final = 60.0
_TEMPORARY: Final = (ConnectionFailed, RateLimited, ServerError)

_DOING: Final = {
    "REGISTER_CREATE_ACTIVITY": "recording the creation of {created_item_id}",
    "REGISTER_VERSION_ACTIVITY": "recording {to_version_id} as a version of {from_version_id}",
    "LODGE_CREATE_ACTIVITY": "adding {created_item_id} to the provenance graph",
    "LODGE_VERSION_ACTIVITY": "adding {to_version_id} to the provenance graph",
    "MODEL_RUN_PROV_LODGE": "registering a model run",
    "GENERATE_REPORT": "writing a report on {id}",
}
_ACTIVITIES: Final = tuple(kind for kind in _DOING if kind.endswith("_ACTIVITY"))

Say = Callable[[str], None]
"""Receives what a job is doing, each time it was looked at."""


def get(session_id: object) -> Workflow[Job]:
    """Fetch a job."""
    session = arguments.text("session_id", session_id)
    try:
        return (yield from call(catalogue.job.GET_JOB(session_id=session))).job
    except BadRequest as error:
        failure = error
    raise _not_found(session, failure) from failure


def list_request(total_limit: int | None) -> ListJobsRequest:
    """Build the request for listing the caller's jobs."""
    return ListJobsRequest(limit=_rows(total_limit))


def page(body: ListJobsRequest, key: PageKey | None) -> Workflow[Page[Job]]:
    """Fetch the page of the caller's jobs for a key; None is the first."""
    asked = evolve(body, pagination_key=key) if isinstance(key, PaginationKey) else body
    answer = yield from call(catalogue.job.LIST_JOBS(body=asked))
    return Page(answer.jobs, answer.pagination_key)


def batch_request(batch_id: object, total_limit: int | None) -> ListByBatchRequest:
    """Build the request for listing the jobs of a batch."""
    return ListByBatchRequest(batch_id=arguments.text("batch_id", batch_id), limit=_rows(total_limit))


def batch_page(body: ListByBatchRequest, key: PageKey | None) -> Workflow[Page[Job]]:
    """Fetch the page of a batch's jobs for a key; None is the first."""
    asked = evolve(body, pagination_key=key) if isinstance(key, PaginationKey) else body
    answer = yield from call(catalogue.job.LIST_BATCH(body=asked))
    return Page(answer.jobs, answer.pagination_key)


def wait(
    session_id: object, timeout: object, say: Say, *, clock: Callable[[], float] = time.monotonic
) -> Workflow[Job]:
    """Wait until a job has succeeded, and the job that it leads to.

    Args:
        session_id: Id of the job.
        timeout: Most seconds to wait; None for no limit.
        say: Receives what is waited for.
        clock: Returns the time in seconds.

    Returns:
        The job itself. Registering an activity leads to a second job, which adds it to the provenance graph.
    """
    session = arguments.text("session_id", session_id)
    limit = None if timeout is None else arguments.seconds("timeout", timeout)
    begun = clock()
    job = first = yield from _ended(session, begun, limit, say, clock)
    waited_for = {session}
    while (following := (job.result or {}).get("lodge_session_id")) and str(following) not in waited_for:
        waited_for.add(str(following))
        job = yield from _ended(str(following), begun, limit, say, clock)
    return first


@contextmanager
def noted(done: str) -> Iterator[None]:
    """Add what was done before to any error or interruption, so that nobody does it again."""
    try:
        yield
    except BaseException as error:
        error.add_note(done)
        raise


def _ended(
    session: str, begun: float, limit: float | None, say: Say, clock: Callable[[], float]
) -> Workflow[Job]:
    """Look at one job until it has succeeded."""
    first_look = clock()
    wait = _FIRST_PAUSE
    doing, state = "the job", "PENDING"
    while True:
        problem: ProvenaError | None = None
        missing: BadRequest | None = None
        try:
            job = (yield from call(catalogue.job.GET_JOB(session_id=session))).job
        except CertificateRejected:
            raise
        except _TEMPORARY as error:
            problem = error
        except BadRequest as error:
            missing = error
            if clock() - first_look > _UNWRITTEN_SECONDS:
                raise _not_found(session, error) from error
        else:
            doing, state = _doing(job), job.status.value
            if job.status == "SUCCEEDED":
                return job
            if job.status == "FAILED":
                raise _failure(job, doing)
        passed = clock() - begun
        say(f"{doing[0].upper()}{doing[1:]}: {_state(state, problem)}, {duration(passed)}")
        left = None if limit is None else limit - passed
        if left is not None and left <= 0:
            if missing is not None:
                raise _not_found(session, missing) from missing
            raise _timed_out(session, doing, state, passed) from problem
        yield from pause(wait if left is None else min(wait, left))
        wait = min(wait * _GROWTH, _LONGEST_PAUSE)


def _doing(job: Job) -> str:
    """Return what a job does, in words."""
    kind = job.job_sub_type.value
    known = defaultdict(lambda: "an item", {key: printable(value, 60) for key, value in job.payload.items()})
    words = _DOING.get(kind)
    return words.format_map(known) if words else f"the job {printable(kind, 60)}"


def _state(state: str, problem: ProvenaError | None) -> str:
    if problem is not None:
        return "the job service does not respond"
    return printable(state.replace("_", " ").lower(), 40)


def _failure(job: Job, doing: str) -> JobFailed:
    kind = job.job_sub_type.value
    info = server_text(job.info or "no reason given")
    harmless = kind in _ACTIVITIES
    return JobFailed(
        f"{doing[0].upper()}{doing[1:]} failed: {info.rstrip('.')}.",
        session_id=job.session_id,
        kind=kind,
        info=info if job.info else None,
        hint="The item is registered and can be used; only its provenance is missing. Ask the deployment's operator to "
        "run the job again."
        if harmless
        else None,
    )


def _timed_out(session: str, doing: str, state: str, passed: float) -> JobTimedOut:
    return JobTimedOut(
        f"After {duration(passed)}, {doing} is still {_state(state, None)}.",
        session_id=session,
        hint=f"It continues at the service. Wait on with provena.jobs.wait({printable(session, 60)!r}).",
    )


def _not_found(session: str, error: BadRequest) -> JobNotFound:
    return JobNotFound(
        f"No job has the id {printable(session, 60)}.",
        operation=error.operation,
        status=error.status,
        detail=error.detail,
        hint="Check the id. A new job can take a moment to appear; provena.jobs.wait() allows for that.",
    )


def _rows(total_limit: int | None) -> int:
    if total_limit is None:
        return _ROWS
    return max(1, min(_ROWS, arguments.count("total_limit", total_limit, least=0)))
