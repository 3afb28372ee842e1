"""Check what changed since a plan was made, before it is run."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.datasets.listing import each_entry
from provena_sdk.display.amounts import human_size
from provena_sdk.display.text import quoted
from provena_sdk.errors import NotEnoughSpace
from provena_sdk.s3.models import FileInfo
from provena_sdk.transfer.draft import Draft, settle
from provena_sdk.transfer.local.view import DestinationView, InTheWay, nearest_folder
from provena_sdk.transfer.neighbours.claims import remove_left_over
from provena_sdk.transfer.plan import TransferPlan
from provena_sdk.transfer.progress.meter import Meter
from provena_sdk.transfer.report import FileOutcome, Outcome
from provena_sdk.transfer.resume.leftovers import sweep
from provena_sdk.transfer.spec.items import Download, PlanItem, Upload, conflict, refused
from provena_sdk.transfer.verify.compare import Pair

_APPEARED: Final = "it appeared or changed after the plan was made"
_PLAN_AGAIN: Final = "Make a new plan from the current files."


async def recheck_destination(
    plan: TransferPlan, files: DatasetFiles, meter: Meter
) -> tuple[list[Download], list[FileOutcome]]:
    """Compare the destination with the plan, and check the free space.

    Args:
        plan: A download plan.
        files: The dataset's files.
        meter: Receives the progress of comparing.

    Returns:
        The files to download, and the outcomes of the other files that were planned.

    Raises:
        NotEnoughSpace: The files do not fit on the disk.
    """
    found = await asyncio.to_thread(_Destination, plan)
    items = (
        await settle(found.late, files.for_access(Access.READ), plan.folder, meter)
        if found.late.items
        else []
    )
    await asyncio.to_thread(_sweep, plan, found.ready)
    return found.ready, [_outcome_of(item, plan.folder) for item in items]


def _sweep(plan: TransferPlan, ready: Iterable[Download]) -> None:
    # A download that was killed right after it renamed its part file left its journal beside a complete file.
    complete = (item.local for item in plan if item.action == "same" and item.local is not None)
    sweep(plan.folder, itertools.chain((item.target for item in ready), complete))
    remove_left_over(plan.folder)


async def recheck_dataset(
    plan: TransferPlan, files: DatasetFiles, meter: Meter
) -> tuple[list[Upload], list[FileOutcome], frozenset[str]]:
    """Compare the dataset with the plan.

    Args:
        plan: An upload plan.
        files: The dataset's files.
        meter: Receives the progress of comparing.

    Returns:
        The files to upload, the outcomes of the other files that were planned, and the paths that must not be deleted.
    """
    store = files.for_access(Access.WRITE)
    known = {info.path: info async for info in each_entry(store)}
    late = Draft([], [])
    kept: set[str] = set()
    for item in plan:
        current = known.get(item.path)
        if current is None or (item.info is not None and _is_same_object(current, item.info)):
            continue
        if item.action == "delete":
            kept.add(item.path)
        elif item.action in ("new", "changed") and item.local is not None:
            if current.size == item.bytes:
                late.unsure.append(Pair(len(late.items), current, item.local))
            late.items.append(conflict(item.path, _APPEARED, item.local, hint=_PLAN_AGAIN))
    items = await settle(late, store, plan.folder, meter)
    taken = {item.path for item in items}
    uploads = [upload for upload in uploads_of(plan) if upload.path not in taken]
    return uploads, [_outcome_of(item, plan.folder) for item in items], frozenset(kept)


def uploads_of(plan: TransferPlan) -> list[Upload]:
    """Return the files that an upload plan uploads."""
    return [
        Upload(plan.folder / item.local, item.path, item.bytes)
        for item in plan
        if item.action in ("new", "changed") and item.local is not None
    ]


def _is_same_object(one: FileInfo, other: FileInfo) -> bool:
    return (one.size, one.etag) == (other.size, other.etag)


class _Destination:
    """The current state of a destination: the files that can be downloaded, and those that have become conflicts."""

    def __init__(self, plan: TransferPlan) -> None:
        self.ready: list[Download] = []
        self.late = Draft([], [])
        view = DestinationView(plan.folder)
        needed = largest = 0
        for item in plan:
            if item.info is None or item.local is None or item.action not in ("new", "changed"):
                continue
            existing = view.look(item.local)
            if isinstance(existing, InTheWay):
                make = refused if existing.unsafe else conflict
                self.late.items.append(make(item.path, existing.reason, item.local))
                continue
            if existing is not None and existing.seen != item.seen:
                if not existing.link and existing.seen.size == item.info.size:
                    self.late.unsure.append(Pair(len(self.late.items), item.info, item.local))
                self.late.items.append(conflict(item.path, _APPEARED, item.local, hint=_PLAN_AGAIN))
                continue
            self.ready.append(Download(item.info, item.local, item.seen))
            freed = 0 if existing is None else existing.seen.size
            missing = item.info.size - min(view.resumable_bytes(item.local), item.info.size)
            needed += missing - freed
            # An old file is kept until the new one is complete.
            largest = max(largest, missing)
        _check_space(plan, max(needed, largest))


def _outcome_of(item: PlanItem, folder: Path) -> FileOutcome:
    local = None if item.local is None else folder / item.local
    if item.action == "same":
        return FileOutcome(item.path, "same", local=local)
    outcome: Outcome = "refused" if item.action == "refused" else "conflict"
    return FileOutcome(item.path, outcome, local=local, reason=item.reason, error=item.error)


def _check_space(plan: TransferPlan, needed: int) -> None:
    free = shutil.disk_usage(nearest_folder(plan.folder)).free
    if needed > free:
        raise NotEnoughSpace(
            f"{human_size(needed)} are needed in {quoted(plan.folder)}, but only {human_size(free)} are free.",
            dataset_id=plan.dataset_id,
            hint="Choose another folder, free some space, or download fewer files with include= and exclude=.",
        )
