"""Install the datasets of a project: bring exactly the files that its lock file names. Runs on the I/O thread."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from provena_sdk.concurrency.background import on_thread
from provena_sdk.concurrency.gather import for_each
from provena_sdk.connection import Datasets
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.datasets.listing import look_up
from provena_sdk.datasets.paths import clashes, form_matters
from provena_sdk.display.text import quoted
from provena_sdk.errors import ConfigurationError, DatasetFileNotFound, FileError, IntegrityError
from provena_sdk.lockfile.lock_file import LOCK_FILE, LockedDataset, LockedFile, LockFile
from provena_sdk.operations.arguments import flag
from provena_sdk.s3.models import FileInfo
from provena_sdk.transfer.local.view import DestinationView, InTheWay
from provena_sdk.transfer.plan import DownloadPlan
from provena_sdk.transfer.progress.meter import ProgressLike, check_progress
from provena_sdk.transfer.report import FileOutcome, TransferReport
from provena_sdk.transfer.runner import DownloadRunner
from provena_sdk.transfer.spec.items import PlanItem, conflict, refused
from provena_sdk.transfer.spec.options import Compare, RunOptions, TransferOptions
from provena_sdk.transfer.verify.recorded import Recorded, difference

_REQUESTS: Final = 16
_HINT: Final = "If the new file is wanted, lock the project again."


async def install(
    datasets: Datasets,
    folder: str | os.PathLike[str],
    compare: Compare,
    progress: ProgressLike,
    raise_for_failures: bool,
) -> TransferReport:
    """Download the files of the lock file that are missing or different; nothing is sent if none is.

    Args:
        datasets: The client's datasets.
        folder: The project's folder.
        compare: How to compare files of the recorded size.
        progress: Progress reporting.
        raise_for_failures: Whether to raise an error at the end if any file failed.

    Raises:
        ConfigurationError: The lock file is missing, malformed, out of date, or of another deployment.
        TransferFailed: Some files failed, or are no longer in the store as they were locked.
        NotEnoughSpace: The disk has no room for the files.
    """
    check_progress(progress)
    flag("raise_for_failures", raise_for_failures)
    started = time.monotonic()
    lock = await asyncio.to_thread(LockFile.read, folder)
    domain = datasets.transport.deployment.domain
    if lock.deployment != domain:
        raise ConfigurationError(
            f"{LOCK_FILE} was written for {quoted(lock.deployment, 80)}, and this is {quoted(domain, 80)}.",
            hint="Choose the profile of that deployment, or lock the project again.",
        )
    outcomes: list[FileOutcome] = []
    missing: dict[str, list[LockedFile]] = {}
    for dataset, file, reason in await asyncio.to_thread(lambda: list(lock.states(compare))):
        if reason is None:
            target = dataset.target(file)
            outcomes.append(FileOutcome(target, "same", local=lock.folder / target))
        else:
            missing.setdefault(dataset.wanted.name, []).append(file)
    for dataset in lock.datasets:
        files = missing.get(dataset.wanted.name)
        if files:
            outcomes += await _Installation(datasets, lock.folder, dataset).run(files, progress)
    outcomes.sort(key=lambda outcome: outcome.path)
    report = TransferReport(tuple(outcomes), time.monotonic() - started)
    if raise_for_failures:
        report.raise_for_failures()
    return report


class _Installation:
    """The installation of files of one dataset.

    Args:
        datasets: The client's datasets.
        folder: The project's folder.
        dataset: The dataset.
    """

    def __init__(self, datasets: Datasets, folder: Path, dataset: LockedDataset) -> None:
        self._datasets = datasets
        self._folder = folder
        self._dataset = dataset

    async def run(self, wanted: Sequence[LockedFile], progress: ProgressLike) -> list[FileOutcome]:
        """Download files, and return the outcome of each, with its path below the project's folder."""
        files = await on_thread(self._datasets.files, self._dataset.handle)
        found, failed = await self._look_up(files.for_access(Access.READ), wanted)
        plan = DownloadPlan(
            await asyncio.to_thread(self._items, found),
            # Links are followed only if they stay in the project: others may have written it.
            self._folder,
            self._dataset.handle,
            TransferOptions(keep_times=True).limited_as(self._datasets.limits),
            DownloadRunner(files),
        )
        report = await plan.execute(RunOptions(progress, raise_for_failures=False))
        by_path = {file.path: file for file in wanted}
        outcomes = await asyncio.to_thread(
            lambda: [self._checked(outcome, by_path[outcome.path]) for outcome in report]
        )
        return [
            replace(outcome, path=self._dataset.target(by_path[outcome.path]))
            for outcome in failed + outcomes
        ]

    async def _look_up(
        self, store: DatasetFiles, wanted: Sequence[LockedFile]
    ) -> tuple[dict[LockedFile, FileInfo], list[FileOutcome]]:
        """Find files in the store; those that are not as they were locked fail."""
        found: dict[LockedFile, FileInfo] = {}
        failed: list[FileOutcome] = []

        async def ask(file: LockedFile) -> None:
            info = await look_up(store, file.path)
            if info is not None and (info.size, info.etag) == (file.size, file.etag):
                found[file] = info
            else:
                failed.append(FileOutcome(file.path, "failed", error=self._gone(file, removed=info is None)))

        await for_each(wanted, ask, _REQUESTS)
        return found, failed

    def _gone(self, file: LockedFile, *, removed: bool) -> FileError:
        kind = DatasetFileNotFound if removed else IntegrityError
        what = "removed" if removed else "replaced"
        handle = self._dataset.handle
        return kind(
            f"{quoted(file.path)} of dataset {handle} was {what} after {LOCK_FILE} was written.",
            path=file.path,
            dataset_id=handle,
            hint=_HINT,
        )

    def _items(self, found: dict[LockedFile, FileInfo]) -> list[PlanItem]:
        view = DestinationView(self._folder)
        targets = {self._dataset.target(file): info for file, info in found.items()}
        fold = form_matters(targets) and view.ignores_case
        clashing = clashes(targets, fold=fold)
        return [
            conflict(info.path, clashing[target], target, info.size)
            if target in clashing
            else _item(view, target, info)
            for target, info in sorted(targets.items())
        ]

    def _checked(self, outcome: FileOutcome, file: LockedFile) -> FileOutcome:
        """Compare a downloaded file with the lock file: the object may have been replaced during the download."""
        if outcome.outcome != "downloaded" or outcome.checksum == file.checksum:
            return outcome
        target = self._folder / self._dataset.target(file)
        reason = difference(Recorded(target, file.size, file.checksum))
        if reason is None:
            return outcome
        return replace(outcome, outcome="failed", error=self._gone(file, removed=False))


def _item(view: DestinationView, target: str, info: FileInfo) -> PlanItem:
    existing = view.look(target)
    if isinstance(existing, InTheWay):
        if existing.unsafe:
            return refused(info.path, existing.reason, target)
        return conflict(info.path, existing.reason, target, info.size)
    if existing is None:
        return PlanItem("new", info.path, info.size, target, info=info)
    return PlanItem("changed", info.path, info.size, target, info=info, seen=existing.seen)
