# Written by scripts/twins.py; change the module in resources/ instead.
"""What a dataset was made from, and what was made from it."""

from __future__ import annotations

from provena_sdk.lineage import Lineage
from provena_sdk.operations import arguments
from provena_sdk.resources._async.provenance.jobs import AsyncJobs
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transport.http import AsyncTransport
from provena_sdk.workflows.provenance import jobs, lineage
from provena_sdk.workflows.provenance.lineage import Names


@short_tracebacks
class AsyncDatasetLineage:
    """The lineage of one dataset: the part of ``AsyncInteractiveDataset`` for provenance."""

    dataset_id: str
    _transport: AsyncTransport
    _jobs: AsyncJobs
    _names: Names

    async def upstream(self, depth: int = 2) -> Lineage:
        """Return what it was made from and by whom: datasets, activities and agents.

        Args:
            depth: How many relations to follow, between 1 and 10.

        Returns:
            A graph that prints as a table and shows as a picture in a notebook. Items that you may not read are in
            it without their names. It is empty until the job that mint or version gave out has ended.

        Raises:
            InvalidArgument: The depth is out of range.
            ItemNotFound: The dataset does not exist.
            DatasetAccessDenied: The dataset is private.
            ServerError: The graph database does not respond.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> await reef.upstream()
            <Lineage: Upstream of 'Alpha reef survey' (10378.1/1900011), depth 2; ... nodes, ... edges>
        """
        return await self._transport.run(lineage.upstream(self.dataset_id, depth, self._names))

    async def downstream(self, depth: int = 2) -> Lineage:
        """Return what was made from it: activities, datasets and so on.

        Args:
            depth: How many relations to follow, between 1 and 10.

        Returns:
            A graph, as from :meth:`upstream`.

        Raises:
            InvalidArgument: The depth is out of range.
            ItemNotFound: The dataset does not exist.
            DatasetAccessDenied: The dataset is private.
            ServerError: The graph database does not respond.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> len((await reef.downstream(depth=4)).edges)
            0
        """
        return await self._transport.run(lineage.downstream(self.dataset_id, depth, self._names))

    async def contributing_datasets(self, depth: int = 4) -> Lineage:
        """Return the datasets that contributed to it, and how.

        Args:
            depth: How many relations to follow, between 1 and 10.

        Returns:
            A graph, as from :meth:`upstream`; ``of_kind("dataset")`` gives the datasets alone.

        Raises:
            InvalidArgument: The depth is out of range.
            ItemNotFound: The dataset does not exist.
            DatasetAccessDenied: The dataset is private.
            ServerError: The graph database does not respond.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900012")
            >>> (await reef.contributing_datasets()).of_kind("dataset")
            []
        """
        return await self._transport.run(lineage.contributing_datasets(self.dataset_id, depth, self._names))

    async def affected_datasets(self, depth: int = 4) -> Lineage:
        """Return the datasets that it contributed to, and how.

        Args:
            depth: How many relations to follow, between 1 and 10.

        Returns:
            A graph, as from :meth:`upstream`; ``of_kind("dataset")`` gives the datasets alone.

        Raises:
            InvalidArgument: The depth is out of range.
            ItemNotFound: The dataset does not exist.
            DatasetAccessDenied: The dataset is private.
            ServerError: The graph database does not respond.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> (await reef.affected_datasets()).of_kind("dataset")
            []
        """
        return await self._transport.run(lineage.affected_datasets(self.dataset_id, depth, self._names))

    async def contributing_agents(self, depth: int = 4) -> Lineage:
        """Return the persons and organisations that contributed to it, and how.

        Args:
            depth: How many relations to follow, between 1 and 10.

        Returns:
            A graph, as from :meth:`upstream`; ``of_kind("person")`` gives the persons alone.

        Raises:
            InvalidArgument: The depth is out of range.
            ItemNotFound: The dataset does not exist.
            DatasetAccessDenied: The dataset is private.
            ServerError: The graph database does not respond.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> [person.id for person in (await reef.contributing_agents()).of_kind("person")]
            ['10378.1/1900003']
        """
        return await self._transport.run(lineage.contributing_agents(self.dataset_id, depth, self._names))

    async def affected_agents(self, depth: int = 4) -> Lineage:
        """Return the persons and organisations that it affects, and how: its own, and those of what was made from it.

        Args:
            depth: How many relations to follow, between 1 and 10.

        Returns:
            A graph, as from :meth:`upstream`; ``of_kind("person")`` gives the persons alone.

        Raises:
            InvalidArgument: The depth is out of range.
            ItemNotFound: The dataset does not exist.
            DatasetAccessDenied: The dataset is private.
            ServerError: The graph database does not respond.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> [person.id for person in (await reef.affected_agents()).of_kind("person")]
            ['10378.1/1900003']
        """
        return await self._transport.run(lineage.affected_agents(self.dataset_id, depth, self._names))

    async def report(
        self, depth: int = 1, *, timeout: float | None = jobs.TIMEOUT_SECONDS, progress: bool | None = None
    ) -> str:
        """Have the service write a report, a Word document, on the model run that made it.

        Args:
            depth: How many relations to follow upstream of the run, between 1 and 3.
            timeout: Most seconds to wait for the report; None for no limit.
            progress: As for ``provena.jobs.wait``.

        Returns:
            A URL from which anyone who has it can download the report for a limited time. Treat it as a secret.

        Raises:
            InvalidArgument: The depth is out of range, or the timeout is not a positive number.
            ProvenaError: No model run made it; the service reports on model runs only.
            JobFailed: The report could not be written.
            JobTimedOut: The time is over; the job continues.
        """
        if timeout is not None:
            arguments.seconds("timeout", timeout)
        # Fails before a report is requested, if there is no such service.
        self._transport.deployment.url_of("job")
        session = await self._transport.run(lineage.request_report(self.dataset_id, depth))
        job = await self._jobs.wait(session, timeout=timeout, progress=progress)
        return lineage.report_url(job.result, self.dataset_id)
