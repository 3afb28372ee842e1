"""The work that services do after they have answered."""

from __future__ import annotations

from provena_api.models import Job

from provena_sdk.display.status_line import StatusLine
from provena_sdk.paging import Page, Results
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transport.http import Transport
from provena_sdk.views.item_lists import JobList
from provena_sdk.views.tabular import TabularList
from provena_sdk.workflows.provenance import jobs


@short_tracebacks
class Jobs:
    """Your jobs: what services do after they have answered. Reached as ``provena.jobs``.

    Minting and versioning a dataset, and registering a model run, give out the id of a job, called session id.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        # While waiting, the next look takes the place of a retry.
        seconds = min(transport.options.timeout, jobs.LOOK_SECONDS)
        self._looking = transport.with_options(transport.options.changed(seconds, 0))

    def get(self, session_id: str) -> Job:
        """Fetch a job.

        Args:
            session_id: Id of the job.

        Returns:
            The job: its status, the payload it works on, and its result or why it failed.

        Raises:
            InvalidArgument: The id is empty.
            JobNotFound: There is no such job; the service answers 400, also for a moment after the id was given out.
            ItemAccessDenied: It is another user's job.

        Example:
            >>> newest = provena.jobs.list()[0]
            >>> provena.jobs.get(newest.session_id).job_type.value
            'PROV_LODGE'
        """
        return self._transport.run(jobs.get(session_id))

    def wait(
        self,
        session_id: str,
        *,
        timeout: float | None = jobs.TIMEOUT_SECONDS,
        progress: bool | None = None,
    ) -> Job:
        """Wait until a job has succeeded, and the job that it leads to.

        The job that records who created a dataset leads to a second one; only when that has succeeded does the
        provenance service know the dataset. A service that does not respond is asked again until the timeout.

        Args:
            session_id: Id of the job.
            timeout: Most seconds to wait; None for no limit.
            progress: None shows what is waited for in a terminal or notebook after two seconds; True from the start;
                False never.

        Returns:
            The job with this id, which has succeeded.

        Raises:
            InvalidArgument: The id is empty, or the timeout is not a positive number.
            JobFailed: The job failed, or the one that it led to; the error has the job's own message.
            JobNotFound: There is no such job, even after a minute.
            JobTimedOut: The time is over; the job continues.
            ItemAccessDenied: It is another user's job.

        Example:
            >>> newest = provena.jobs.list()[0]
            >>> provena.jobs.wait(newest.session_id, timeout=30).status.value
            'SUCCEEDED'
        """
        with StatusLine(progress) as line:
            return self._looking.run(jobs.wait(session_id, timeout, line.say))

    def list(self, *, batch_id: str | None = None, total_limit: int | None = None) -> TabularList[Job]:
        """Fetch your jobs, newest first.

        Args:
            batch_id: Id of a batch, for its jobs alone.
            total_limit: Most jobs to return; None for all.

        Returns:
            The jobs, as a list that prints as a table; also ``.to_pandas()``.

        Raises:
            InvalidArgument: The limit is negative, or the batch's id is empty.

        Example:
            >>> [job.username for job in provena.jobs.list(total_limit=1)]
            ['writer']
        """
        return self.for_all(batch_id=batch_id, total_limit=total_limit).all()

    def for_all(self, *, batch_id: str | None = None, total_limit: int | None = None) -> Results[Job]:
        """Iterate over your jobs, newest first, fetching the next page while you work on this one.

        Args:
            batch_id: Id of a batch, for its jobs alone.
            total_limit: Most jobs to return; None for all.

        Returns:
            An iterator that shows its first rows; also ``.first()``, ``.head()``, ``.pages()``, ``.all()`` and
            ``.to_pandas()``.

        Raises:
            InvalidArgument: The limit is negative, or the batch's id is empty.

        Example:
            >>> [job.status.value for job in provena.jobs.for_all(total_limit=1)]
            ['SUCCEEDED']
        """
        if batch_id is None:
            body = jobs.list_request(total_limit)

            def fetch(key: object | None) -> Page[Job]:
                return self._transport.run(jobs.page(body, key))
        else:
            batch = jobs.batch_request(batch_id, total_limit)

            def fetch(key: object | None) -> Page[Job]:
                return self._transport.run(jobs.batch_page(batch, key))

        return Results(fetch, self._transport.submit, total_limit=total_limit, kind=JobList)
