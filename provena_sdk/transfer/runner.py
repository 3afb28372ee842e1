"""Making plans and carrying them out; everything here runs on the I/O thread."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.paths import checked
from provena_sdk.datasets.service_file import SERVICE_FILE
from provena_sdk.display.text import quoted
from provena_sdk.errors import FileError, InvalidArgument, NotEnoughSpace
from provena_sdk.s3.models import FileInfo
from provena_sdk.transfer.deletion import CHANGED, delete_files
from provena_sdk.transfer.local.destination import DestinationView, InTheWay, nearest_folder
from provena_sdk.transfer.local.scan import destination_folder, make_destination, scan, source_folder
from provena_sdk.transfer.local.times import set_times
from provena_sdk.transfer.options import Choice, RunOptions, TransferOptions
from provena_sdk.transfer.plan import (
    Download,
    Downloading,
    DownloadPlan,
    PlanItem,
    TransferPlan,
    Upload,
    Uploading,
    UploadPlan,
    conflict,
    refused,
)
from provena_sdk.transfer.planner import Draft, Pair, draft_download, draft_upload, extraneous_locals
from provena_sdk.transfer.progress.displays import Meter, progress_for
from provena_sdk.transfer.report import FileOutcome, Outcome, TransferReport, human_size
from provena_sdk.transfer.resume.leftovers import sweep

if TYPE_CHECKING:
    from provena_sdk.datasets.files import DatasetFiles
    from provena_sdk.datasets.store import DatasetStore
    from provena_sdk.transfer.tasks import Work

Item = TypeVar("Item", Download, Upload)

_OUTCOMES: Final[dict[str, Outcome]] = {
    "same": "same",
    "skip": "skipped",
    "conflict": "conflict",
    "refused": "refused",
}
_KEPT: Final = "nothing is deleted, because not every file could be transferred"
_APPEARED: Final = "it appeared or changed after the plan was made"
_PLAN_ANEW: Final = "Make a new plan, which goes by what is there now."


async def plan_download(
    files: DatasetFiles,
    destination_directory: str | os.PathLike[str],
    *,
    path: str | os.PathLike[str] = "",
    choice: Choice,
    options: TransferOptions,
) -> DownloadPlan:
    """Work out what a download is going to do. Nothing is changed on either side.

    Args:
        files: The dataset.
        destination_directory: The folder to fill; it need not exist.
        path: What to fetch: a file, a folder, a folder's contents, or everything.
        choice: Which files are meant, how they are compared, and whether what the dataset does not hold is deleted.
        options: How the download will be carried out.

    Raises:
        InvalidArgument: The destination is no folder, or everything in it would be deleted.
        DatasetFileNotFound: The path is neither a file nor a folder of the dataset.
    """
    selection, delete, by_time = choice.selection, choice.delete, choice.compare == "time"
    plain = checked(path)
    destination = await asyncio.to_thread(destination_folder, destination_directory)
    entries, strip, add = await _chosen(files, plain)
    one_file = bool(plain) and len(entries) == 1 and entries[0].path == plain
    view = DestinationView(destination)

    def drafted() -> Draft:
        held = [info for info in entries if not info.path.endswith("/")]
        chosen = held if selection.everything else [info for info in held if selection.takes(info.path)]
        draft = draft_download(
            chosen,
            view,
            strip=strip,
            add=add,
            windows=os.name == "nt",
            map_names=options.map_names,
            compare_times=by_time,
        )
        if delete and not one_file:
            gone = extraneous_locals(
                view, held, strip=strip, add=add, map_names=options.map_names, selection=selection
            )
            if gone and all(info.path == SERVICE_FILE for info in chosen):
                raise _would_delete_all("destination_directory", len(gone), destination)
            draft.items.extend(gone)
        return draft if chosen else draft._replace(none_of=len(held))

    draft = await asyncio.to_thread(drafted)
    items = await _compared(files._store(Access.READ), destination, draft) if draft.unsure else draft.items
    return DownloadPlan(
        await asyncio.to_thread(_ordered, items),
        destination,
        files,
        options,
        draft.none_of,
    )


async def plan_upload(
    files: DatasetFiles,
    source_directory: str | os.PathLike[str],
    *,
    choice: Choice,
    options: TransferOptions,
    access: Access = Access.READ,
) -> UploadPlan:
    """Work out what an upload is going to do. Nothing is changed on either side.

    Args:
        files: The dataset.
        source_directory: The folder whose contents become the dataset's.
        choice: Which files are meant, how they are compared, and whether what the folder does not hold is deleted.
        options: How the upload will be carried out.
        access: What the credentials to look at the dataset allow: those to write, when writing follows at once.

    Raises:
        InvalidArgument: The source is no folder, or everything in the dataset would be deleted.
    """
    selection, delete, by_time = choice.selection, choice.delete, choice.compare == "time"
    folder = await asyncio.to_thread(source_folder, source_directory)
    found = await asyncio.to_thread(scan, folder)
    remote: list[FileInfo] = []
    if found.files or delete:
        if access is Access.WRITE:
            # Whether writing is allowed at all is one answer, and not one for each file.
            await files._credentials.ask_anew(files.location.dataset_id, Access.WRITE)
        remote = await _entries(files._store(access), "")

    def drafted() -> Draft:
        draft = draft_upload(
            found,
            remote,
            prefix=files.location.prefix,
            selection=selection,
            map_names=options.map_names,
            compare_times=by_time,
            delete=delete,
        )
        gone = sum(item.action == "delete" for item in draft.items)
        if gone and not any(item.action in ("new", "changed", "same") for item in draft.items):
            raise _would_delete_all("source_directory", gone, folder)
        return draft

    draft = await asyncio.to_thread(drafted)
    items = await _compared(files._store(access), folder, draft) if draft.unsure else draft.items
    return UploadPlan(await asyncio.to_thread(_ordered, items), folder, files, options, draft.none_of)


async def run_download(plan: Downloading, files: DatasetFiles, run: RunOptions) -> TransferReport:
    """Carry out a download; see :meth:`provena_sdk.transfer.plan.DownloadPlan.run`.

    Args:
        plan: The plan.
        files: The dataset.
        run: How this run is watched, spread and ended.
    """
    from provena_sdk.transfer.tasks import Fetch

    transfer = _Run(plan, files, run)
    ready, settled = await _looked_again(plan, files)
    if plan.options.keep_times:
        await asyncio.to_thread(set_times, plan.folder, plan.only("same"))
    # Only now, so that no empty folder is left behind where there is no room.
    await asyncio.to_thread(make_destination, plan.folder)

    async def delete(items: list[PlanItem]) -> list[FileOutcome]:
        return await asyncio.to_thread(delete_files, plan.folder, items)

    return await transfer.carried_out(Fetch(plan.folder, plan.options), ready, settled, delete)


async def run_upload(
    plan: Uploading, files: DatasetFiles, run: RunOptions, *, fresh: bool = False
) -> TransferReport:
    """Carry out an upload; see :meth:`provena_sdk.transfer.plan.UploadPlan.run`.

    Args:
        plan: The plan.
        files: The dataset.
        run: How this run is watched, spread and ended.
        fresh: Whether the plan was made a moment ago, with credentials to write.
    """
    from provena_sdk.transfer.tasks import Send

    transfer = _Run(plan, files, run)
    uploads, settled, kept = plan.uploads, list[FileOutcome](), frozenset[str]()
    if not fresh and (uploads or plan.only("delete")):
        # Whether writing is allowed at all is one answer, and not one for each file.
        await files._credentials.ask_anew(files.location.dataset_id, Access.WRITE)
        uploads, settled, kept = await _listed_again(plan, files)

    async def delete(items: list[PlanItem]) -> list[FileOutcome]:
        unchanged = [item for item in items if item.path not in kept]
        changed = [FileOutcome(path, "skipped", reason=CHANGED) for path in sorted(kept)]
        return changed + await _delete_objects(files._store(Access.WRITE), unchanged)

    return await transfer.carried_out(Send(plan.options), uploads, settled, delete)


class _Run:
    """One run of a plan: the transfers, then the deletions, then the report."""

    def __init__(self, plan: TransferPlan, files: DatasetFiles, run: RunOptions) -> None:
        from provena_sdk.transfer.executor import checked_executor

        self._plan = plan
        self._files = files
        self._executor = checked_executor(run.executor)
        self._meter = Meter(progress_for(run.progress))
        self._raises = run.raise_for_failures
        self._started = time.monotonic()

    async def carried_out(
        self,
        work: Work[Item],
        ready: Sequence[Item],
        settled: list[FileOutcome],
        delete: Callable[[list[PlanItem]], Awaitable[list[FileOutcome]]],
    ) -> TransferReport:
        finished: TransferReport | None = None
        try:
            outcomes = await asyncio.to_thread(_settled, self._plan)
            outcomes += settled
            outcomes += await self._worked(work, ready)
            outcomes += await self._deleted(outcomes, delete)
            outcomes.sort(key=lambda outcome: outcome.path)
            finished = report = TransferReport(
                tuple(outcomes), time.monotonic() - self._started, self._plan.none_of
            )
        finally:
            self._meter.finish(finished)
        if self._raises:
            report.raise_for_failures()
        return report

    async def _worked(self, work: Work[Item], ready: Sequence[Item]) -> list[FileOutcome]:
        from provena_sdk.transfer.executor import carry_out_on
        from provena_sdk.transfer.tasks import size_of

        self._meter.start(len(ready), sum(map(size_of, ready)))
        if not ready:
            return []
        if self._executor is None:
            return await work(self._files, ready, self._meter)
        return await carry_out_on(self._executor, self._files, work, ready, self._meter)

    async def _deleted(
        self,
        outcomes: Sequence[FileOutcome],
        delete: Callable[[list[PlanItem]], Awaitable[list[FileOutcome]]],
    ) -> list[FileOutcome]:
        items = self._plan.only("delete")
        if not items or all(outcome.ok for outcome in outcomes):
            return await delete(items) if items else []
        return [FileOutcome(item.path, "skipped", reason=_KEPT) for item in items]


async def _chosen(files: DatasetFiles, path: str) -> tuple[list[FileInfo], str, str]:
    """Find what a path names; return the files, the folder to strip and the folder to add."""
    from provena_sdk.datasets.listing import look_up

    store = files._store(Access.READ)
    if path and not path.endswith("/"):
        info = await look_up(store, path)
        if info is not None:
            return [info], path.rpartition("/")[0] + "/" if "/" in path else "", ""
    folder = path.removesuffix("/") + "/" if path else ""
    entries = await _entries(store, folder)
    if folder and not entries:
        raise await files._missing(path)
    keeps_name = bool(path) and not path.endswith("/")
    return entries, folder, path.rpartition("/")[2] + "/" if keeps_name else ""


async def _entries(store: DatasetStore, folder: str) -> list[FileInfo]:
    from provena_sdk.datasets.listing import each_entry

    return [info async for info in each_entry(store, folder)]


async def _compared(store: DatasetStore, folder: Path, draft: Draft) -> list[PlanItem]:
    from provena_sdk.transfer.verify.compare import compare

    for pair, verdict in zip(draft.unsure, await compare(store, folder, draft.unsure), strict=True):
        item = draft.items[pair.place]
        draft.items[pair.place] = replace(
            item,
            action="same" if verdict.same else item.action,
            reason=None if verdict.same else verdict.reason or item.reason,
        )
    return draft.items


def _ordered(items: list[PlanItem]) -> list[PlanItem]:
    return sorted(items, key=lambda item: item.path)


def _settled(plan: TransferPlan) -> list[FileOutcome]:
    """Return the outcomes of the files for which there is nothing to do."""
    outcomes: list[FileOutcome] = []
    for item in plan:
        outcome = _OUTCOMES.get(item.action)
        if outcome is None:
            continue
        if item.error is not None and not isinstance(item.error, FileError):
            # Its name and place are fine; it just cannot be read.
            outcome = "failed"
        local = None if item.local is None else plan.folder / item.local
        outcomes.append(FileOutcome(item.path, outcome, local=local, reason=item.reason, error=item.error))
    return outcomes


async def _looked_again(plan: Downloading, files: DatasetFiles) -> tuple[list[Download], list[FileOutcome]]:
    """Compare the destination with what it was when the plan was made, and make sure that there is room.

    Raises:
        NotEnoughSpace: There is none.
    """
    again = await asyncio.to_thread(_Again, plan)
    if again.unsure:
        await _compared(files._store(Access.READ), plan.folder, Draft(again.items, again.unsure))
    settled = [_outcome_of(item, plan.folder) for item in again.items]
    await asyncio.to_thread(_swept, plan, again.ready)
    return again.ready, settled


def _swept(plan: Downloading, ready: Iterable[Download]) -> None:
    # A download killed right after its file took its name left the journal, and the file is complete.
    complete = (item.local for item in plan if item.action == "same" and item.local is not None)
    sweep(plan.folder, itertools.chain((item.target for item in ready), complete))


async def _listed_again(
    plan: Uploading, files: DatasetFiles
) -> tuple[list[Upload], list[FileOutcome], frozenset[str]]:
    """Compare the dataset with what it was when the plan was made.

    Returns:
        What is to be sent, the outcomes of what is not after all, and the files that are not to be deleted after all.
    """
    store = files._store(Access.WRITE)
    known = {info.path: info for info in await _entries(store, "")}
    late = Draft([], [])
    kept: set[str] = set()
    for item in plan:
        there = known.get(item.path)
        if there is None or (item.info is not None and _is_same_object(there, item.info)):
            continue
        if item.action == "delete":
            kept.add(item.path)
        elif item.action in ("new", "changed") and item.local is not None:
            if there.size == item.bytes:
                late.unsure.append(Pair(len(late.items), there, item.local))
            late.items.append(conflict(item.path, _APPEARED, item.local, hint=_PLAN_ANEW))
    items = await _compared(store, plan.folder, late) if late.unsure else late.items
    taken = {item.path for item in items}
    uploads = [upload for upload in plan.uploads if upload.path not in taken]
    return uploads, [_outcome_of(item, plan.folder) for item in items], frozenset(kept)


def _is_same_object(one: FileInfo, other: FileInfo) -> bool:
    return (one.size, one.etag) == (other.size, other.etag)


class _Again:
    """What lies at the places of a plan's files now."""

    def __init__(self, plan: Downloading) -> None:
        self.ready: list[Download] = []
        self.items: list[PlanItem] = []
        self.unsure: list[Pair] = []
        view = DestinationView(plan.folder)
        needed = largest = 0
        for item in plan:
            if item.info is None or item.local is None or item.action not in ("new", "changed"):
                continue
            there = view.look(item.local)
            if isinstance(there, InTheWay):
                make = refused if there.unsafe else conflict
                self.items.append(make(item.path, there.reason, item.local))
                continue
            if there is not None and there.seen != item.seen:
                late = conflict(item.path, _APPEARED, item.local, hint=_PLAN_ANEW)
                if not there.link and there.seen.size == item.info.size:
                    self.unsure.append(Pair(len(self.items), item.info, item.local))
                self.items.append(late)
                continue
            self.ready.append(Download(item.info, item.local))
            freed = 0 if there is None else there.seen.size
            missing = item.info.size - min(view.held(item.local), item.info.size)
            needed += missing - freed
            # The old file stays until the new one is whole.
            largest = max(largest, missing)
        _check_space(plan.folder, max(needed, largest))


def _outcome_of(item: PlanItem, folder: Path) -> FileOutcome:
    local = None if item.local is None else folder / item.local
    if item.action == "same":
        return FileOutcome(item.path, "same", local=local)
    outcome: Outcome = "refused" if item.action == "refused" else "conflict"
    return FileOutcome(item.path, outcome, local=local, reason=item.reason, error=item.error)


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(nearest_folder(folder)).free
    if needed > free:
        raise NotEnoughSpace(
            f"{human_size(needed)} are needed in {quoted(folder)}, and {human_size(free)} are free.",
            hint="Choose another folder, make room, or fetch less by include= and exclude=.",
        )


async def _delete_objects(store: DatasetStore, items: list[PlanItem]) -> list[FileOutcome]:
    failures = await store.objects.delete([item.path for item in items])
    return [
        FileOutcome(item.path, "failed", error=failures[item.path])
        if item.path in failures
        else FileOutcome(item.path, "deleted")
        for item in items
    ]


def _would_delete_all(argument: str, count: int, folder: Path) -> InvalidArgument:
    if argument == "source_directory":
        return InvalidArgument(
            argument,
            f"{quoted(folder)} holds none of the files meant, and delete=True would delete all {count} of the dataset.",
            hint="Check the folder; to empty a dataset, delete its files by name.",
        )
    return InvalidArgument(
        argument,
        f"the dataset holds none of the files meant, and delete=True would delete all {count} in {quoted(folder)}.",
        hint="Check the dataset and the folder.",
    )
