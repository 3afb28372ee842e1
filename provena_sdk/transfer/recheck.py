"""Checks, before a plan is run, what changed since it was made."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.listing import each_entry
from provena_sdk.display.amounts import human_size
from provena_sdk.display.text import quoted
from provena_sdk.errors import NotEnoughSpace
from provena_sdk.s3.models import FileInfo
from provena_sdk.transfer.draft import Draft, settle
from provena_sdk.transfer.items import Download, PlanItem, Upload, conflict, refused
from provena_sdk.transfer.local.view import DestinationView, InTheWay, nearest_folder
from provena_sdk.transfer.plan import TransferPlan
from provena_sdk.transfer.report import FileOutcome, Outcome
from provena_sdk.transfer.resume.leftovers import sweep
from provena_sdk.transfer.verify.compare import Pair

if TYPE_CHECKING:
    from provena_sdk.datasets.files import DatasetFiles

_APPEARED: Final = "it appeared or changed after the plan was made"
_PLAN_AGAIN: Final = "Make a new plan, which considers what is there now."


async def recheck_destination(
    plan: TransferPlan, files: DatasetFiles
) -> tuple[list[Download], list[FileOutcome]]:
    """Compare the destination with the plan, and check the free space.

    Args:
        plan: A download plan.
        files: The dataset's files.

    Returns:
        The files to download, and the outcomes of those not to be downloaded after all.

    Raises:
        NotEnoughSpace: The disk has no room for the files.
    """
    found = await asyncio.to_thread(_Destination, plan)
    items = await settle(found.late, files.for_access(Access.READ), plan.folder) if found.late.items else []
    await asyncio.to_thread(_sweep, plan, found.ready)
    return found.ready, [_outcome_of(item, plan.folder) for item in items]


def _sweep(plan: TransferPlan, ready: Iterable[Download]) -> None:
    # A download killed right after its file took its name left the journal, and the file is complete.
    complete = (item.local for item in plan if item.action == "same" and item.local is not None)
    sweep(plan.folder, itertools.chain((item.target for item in ready), complete))


async def recheck_dataset(
    plan: TransferPlan, files: DatasetFiles
) -> tuple[list[Upload], list[FileOutcome], frozenset[str]]:
    """Compare the dataset with the plan.

    Args:
        plan: An upload plan.
        files: The dataset's files.

    Returns:
        The files to upload, the outcomes of those not to be uploaded after all, and the paths not to be deleted.
    """
    store = files.for_access(Access.WRITE)
    known = {info.path: info async for info in each_entry(store)}
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
            late.items.append(conflict(item.path, _APPEARED, item.local, hint=_PLAN_AGAIN))
    items = await settle(late, store, plan.folder)
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
    """The destination of a download plan as it is now: what can be downloaded, and what came in the way."""

    def __init__(self, plan: TransferPlan) -> None:
        self.ready: list[Download] = []
        self.late = Draft([], [])
        view = DestinationView(plan.folder)
        needed = largest = 0
        for item in plan:
            if item.info is None or item.local is None or item.action not in ("new", "changed"):
                continue
            there = view.look(item.local)
            if isinstance(there, InTheWay):
                make = refused if there.unsafe else conflict
                self.late.items.append(make(item.path, there.reason, item.local))
                continue
            if there is not None and there.seen != item.seen:
                if not there.link and there.seen.size == item.info.size:
                    self.late.unsure.append(Pair(len(self.late.items), item.info, item.local))
                self.late.items.append(conflict(item.path, _APPEARED, item.local, hint=_PLAN_AGAIN))
                continue
            self.ready.append(Download(item.info, item.local))
            freed = 0 if there is None else there.seen.size
            missing = item.info.size - min(view.resumable_bytes(item.local), item.info.size)
            needed += missing - freed
            # The old file stays until the new one is complete.
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
            f"{human_size(needed)} are needed in {quoted(folder)}, but only {human_size(free)} are free.",
            hint="Choose another folder, make room, or download less with include= and exclude=.",
        )
