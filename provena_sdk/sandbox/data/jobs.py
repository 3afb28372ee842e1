"""Jobs that run behind the services, on the sandbox's clock."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from operator import attrgetter
from typing import Any, Final

from provena_sdk.sandbox.data.clock import Clock

JOB_TYPES: Final = {
    "REGISTER_CREATE_ACTIVITY": "REGISTRY",
    "REGISTER_VERSION_ACTIVITY": "REGISTRY",
    "LODGE_CREATE_ACTIVITY": "PROV_LODGE",
    "LODGE_VERSION_ACTIVITY": "PROV_LODGE",
    "MODEL_RUN_PROV_LODGE": "PROV_LODGE",
    "MODEL_RUN_BATCH_SUBMIT": "PROV_LODGE",
    "MODEL_RUN_LODGE_ONLY": "PROV_LODGE",
    "MODEL_RUN_UPDATE": "PROV_LODGE",
    "GENERATE_REPORT": "REPORT",
    "REGISTRY_WAKE_UP": "REGISTRY",
}
# Shares of a job's duration after which its row appears, and it is in each state.
_ROW_AFTER: Final = 0.1
_STATES: Final = ((0.6, "IN_PROGRESS"), (0.3, "DEQUEUED"), (0.0, "PENDING"))


class JobFailed(Exception):
    """A job ends as FAILED, with this text."""


@dataclass(slots=True)
class Job:
    """One job.

    Attributes:
        session_id: Its id.
        username: The user on whose behalf it runs.
        sub_type: What it does; one of :data:`JOB_TYPES`.
        payload: What it does it with.
        submitted: Time it was submitted, in Unix seconds.
        batch_id: Id of the jobs that belong together, if any do.
        status: SUCCEEDED or FAILED; None until then.
        info: Why it failed.
        result: What came of it.
    """

    session_id: str
    username: str
    sub_type: str
    payload: dict[str, Any]
    submitted: float
    batch_id: str | None = None
    status: str | None = None
    info: str | None = None
    result: dict[str, Any] | None = None


Perform = Callable[[Job], dict[str, Any]]


@dataclass(slots=True)
class Jobs:
    """The jobs of one deployment.

    Args:
        clock: The sandbox's clock.
        seconds: How long a job takes; its row appears after a tenth of that. None stops all work.
    """

    clock: Clock
    seconds: float | None
    _jobs: dict[str, Job] = field(default_factory=dict)
    _open: list[tuple[float, int, Job]] = field(default_factory=list)

    def submit(
        self,
        username: str,
        sub_type: str,
        payload: dict[str, Any],
        *,
        at: float | None = None,
        batch_id: str | None = None,
    ) -> Job:
        """Submit a job.

        Args:
            username: The user on whose behalf it runs.
            sub_type: What it does.
            payload: What it does it with.
            at: Time of the submission in Unix seconds; None means now.
            batch_id: Id of the jobs that belong together.
        """
        submitted = self.clock.now() if at is None else at
        job = Job(str(uuid.uuid4()), username, sub_type, payload, submitted, batch_id)
        self._jobs[job.session_id] = job
        heappush(self._open, (submitted, len(self._jobs), job))
        return job

    def is_due(self) -> bool:
        """Return whether the time has come at which some job ends."""
        return (
            bool(self._open) and self.seconds is not None and self.ends(self._open[0][2]) <= self.clock.now()
        )

    def ends(self, job: Job) -> float:
        """Return the time at which a job ends, in Unix seconds."""
        return job.submitted + (self.seconds or 0.0)

    def end_next(self, perform: Perform) -> None:
        """Perform the job that ends next, and note what came of it."""
        _, _, job = heappop(self._open)
        try:
            job.result, job.status = perform(job), "SUCCEEDED"
        except JobFailed as failure:
            job.info, job.status = str(failure), "FAILED"

    def get(self, session_id: str) -> Job | None:
        """Return a job, once its row has been written."""
        job = self._jobs.get(session_id)
        return job if job is not None and self._is_written(job) else None

    def of(self, username: str) -> list[Job]:
        """Return a user's jobs, the newest first."""
        return [job for job in reversed(self._written()) if job.username == username]

    def batch(self, batch_id: str) -> list[Job]:
        """Return the jobs of a batch, the newest first."""
        return [job for job in reversed(self._written()) if job.batch_id == batch_id]

    def document(self, job: Job) -> dict[str, Any]:
        """Return a job's row."""
        return {
            "session_id": job.session_id,
            "created_timestamp": int(job.submitted),
            "username": job.username,
            "batch_id": job.batch_id,
            "payload": job.payload,
            "job_type": JOB_TYPES[job.sub_type],
            "job_sub_type": job.sub_type,
            "gsi_status": "ok",
            "status": job.status or self._state(job),
            "info": job.info,
            "result": job.result,
        }

    def clear(self) -> None:
        """Forget every job."""
        self._jobs.clear()
        self._open.clear()

    def _written(self) -> list[Job]:
        return sorted(filter(self._is_written, self._jobs.values()), key=attrgetter("submitted"))

    def _is_written(self, job: Job) -> bool:
        return job.status is not None or self.seconds is None or self._share(job) >= _ROW_AFTER

    def _state(self, job: Job) -> str:
        share = self._share(job)
        return next(state for after, state in _STATES if share >= after)

    def _share(self, job: Job) -> float:
        passed = max(0.0, self.clock.now() - job.submitted)
        return passed / self.seconds if self.seconds else 0.0
