"""Run plans: check both sides again, transfer, delete, and report. Runs on the I/O thread."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from provena_sdk import telemetry
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.display.amounts import duration, human_size
from provena_sdk.errors import FileError, TransferFailed
from provena_sdk.transfer.deletion import CHANGED, delete_files
from provena_sdk.transfer.draft import has_store_time
from provena_sdk.transfer.executor import run_on
from provena_sdk.transfer.local.scan import make_destination
from provena_sdk.transfer.local.times import NewTime, set_times
from provena_sdk.transfer.plan import TransferPlan
from provena_sdk.transfer.recheck import recheck_dataset, recheck_destination, uploads_of
from provena_sdk.transfer.report import FileOutcome, Outcome, TransferReport
from provena_sdk.transfer.spec.items import Download, PlanItem, Upload
from provena_sdk.transfer.spec.options import RunOptions
from provena_sdk.transfer.tasks import Fetch, Send, Task, size_of

_log = logging.getLogger("provena_sdk.transfer")

Item = TypeVar("Item", Download, Upload)

_OUTCOMES: Final[dict[str, Outcome]] = {
    "same": "same",
    "skip": "skipped",
    "conflict": "conflict",
    "refused": "refused",
}
_KEPT: Final = "nothing is deleted, because not every file could be transferred"


@dataclass(frozen=True, slots=True)
class DownloadRunner:
    """A runner of download plans for one dataset; see :class:`~provena_sdk.transfer.plan.Runner`.

    Args:
        files: The dataset's files.
    """

    files: DatasetFiles

    async def __call__(self, plan: TransferPlan, run: RunOptions) -> TransferReport:
        """Run a plan; see :meth:`~provena_sdk.transfer.plan.DownloadPlan.run`.

        Args:
            plan: The plan.
            run: The options for this run.
        """
        transfer = _Run(plan, self.files, run)
        ready, settled = await recheck_destination(plan, self.files, run.meter)
        if plan.options.keep_times:
            await asyncio.to_thread(set_times, plan.folder, _outdated_times(plan))
        # Create it only now, so that no empty folder is left behind if the disk is too small.
        await asyncio.to_thread(make_destination, plan.folder)

        async def delete(items: list[PlanItem]) -> list[FileOutcome]:
            return await asyncio.to_thread(delete_files, plan.folder, items)

        return await transfer.execute(Fetch(plan.folder, plan.options), ready, settled, delete)


@dataclass(frozen=True, slots=True)
class UploadRunner:
    """A runner of upload plans for one dataset; see :class:`~provena_sdk.transfer.plan.Runner`.

    Args:
        files: The dataset's files.
        fresh: Whether each plan has just been made, with write access.
    """

    files: DatasetFiles
    fresh: bool = False

    async def __call__(self, plan: TransferPlan, run: RunOptions) -> TransferReport:
        """Run a plan; see :meth:`~provena_sdk.transfer.plan.UploadPlan.run`.

        Args:
            plan: The plan.
            run: The options for this run.
        """
        transfer = _Run(plan, self.files, run)
        uploads, settled, kept = uploads_of(plan), list[FileOutcome](), frozenset[str]()
        if not self.fresh and (uploads or plan.only("delete")):
            # Check once that writing is allowed, instead of failing file by file.
            await self.files.ask_to_write()
            uploads, settled, kept = await recheck_dataset(plan, self.files, run.meter)

        async def delete(items: list[PlanItem]) -> list[FileOutcome]:
            unchanged = [item for item in items if item.path not in kept]
            changed = [FileOutcome(path, "skipped", reason=CHANGED) for path in sorted(kept)]
            return changed + await _delete_objects(self.files.for_access(Access.WRITE), unchanged)

        return await transfer.execute(Send(plan.options), uploads, settled, delete)


class _Run:
    """One run of a plan: the transfers, then the deletions, then the report."""

    def __init__(self, plan: TransferPlan, files: DatasetFiles, run: RunOptions) -> None:
        self._plan = plan
        self._files = files
        self._executor = run.executor
        self._meter = run.meter
        self._raises = run.raise_for_failures
        self._started = time.monotonic()

    @telemetry.traced("transfer")
    async def execute(
        self,
        task: Task[Item],
        ready: Sequence[Item],
        settled: list[FileOutcome],
        delete: Callable[[list[PlanItem]], Awaitable[list[FileOutcome]]],
    ) -> TransferReport:
        finished: TransferReport | None = None
        try:
            outcomes = await asyncio.to_thread(_without_transfer, self._plan)
            outcomes += settled
            outcomes += await self._transferred(task, ready)
            outcomes += await self._deleted(outcomes, delete)
            outcomes.sort(key=lambda outcome: outcome.path)
            finished = report = TransferReport(
                tuple(outcomes), time.monotonic() - self._started, self._plan.none_of
            )
        finally:
            self._meter.finish(finished)
        if _log.isEnabledFor(logging.INFO):
            self._log_report(report)
        if self._raises:
            try:
                report.raise_for_failures()
            except TransferFailed as failure:
                failure.complete(dataset_id=self._plan.dataset_id)
                raise
        return report

    def _log_report(self, report: TransferReport) -> None:
        counts = ", ".join(f"{count} {outcome}" for outcome, count in report.counts().items())
        fields = {
            "dataset": self._plan.dataset_id,
            "files": len(report),
            "bytes": report.total_bytes,
            "seconds": round(report.seconds, 3),
            "outcomes": dict(report.counts()),
        }
        _log.info(
            "%s of dataset %s: %s; %s in %s",
            self._plan.verb,
            self._plan.dataset_id,
            counts or "no files",
            human_size(report.total_bytes),
            duration(report.seconds),
            extra=fields,
        )

    async def _transferred(self, task: Task[Item], ready: Sequence[Item]) -> list[FileOutcome]:
        self._meter.start(len(ready), sum(map(size_of, ready)))
        if not ready:
            return []
        if self._executor is None:
            return await task(self._files, ready, self._meter)
        return await run_on(self._executor, self._files, task, ready, self._meter)

    async def _deleted(
        self,
        outcomes: Sequence[FileOutcome],
        delete: Callable[[list[PlanItem]], Awaitable[list[FileOutcome]]],
    ) -> list[FileOutcome]:
        items = self._plan.only("delete")
        if not items or all(outcome.ok for outcome in outcomes):
            return await delete(items) if items else []
        return [FileOutcome(item.path, "skipped", reason=_KEPT) for item in items]


def _outdated_times(plan: TransferPlan) -> list[NewTime]:
    """Return the unchanged files whose modification time differs from the store's."""
    return [
        NewTime(item.local, item.seen, item.info.modified)
        for item in plan.only("same")
        if item.local and item.seen and item.info and not has_store_time(item.seen, item.info)
    ]


def _without_transfer(plan: TransferPlan) -> list[FileOutcome]:
    """Return the outcomes of the files that need no transfer."""
    outcomes: list[FileOutcome] = []
    for item in plan:
        outcome = _OUTCOMES.get(item.action)
        if outcome is None:
            continue
        if item.error is not None and not isinstance(item.error, FileError):
            # The name is safe, but the file cannot be read.
            outcome = "failed"
        local = None if item.local is None else plan.folder / item.local
        outcomes.append(FileOutcome(item.path, outcome, local=local, reason=item.reason, error=item.error))
    return outcomes


async def _delete_objects(store: DatasetFiles, items: list[PlanItem]) -> list[FileOutcome]:
    failures = await store.objects.delete([item.path for item in items])
    return [
        FileOutcome(item.path, "failed", error=failures[item.path])
        if item.path in failures
        else FileOutcome(item.path, "deleted")
        for item in items
    ]
