"""Check the files of a saved plan against the folder on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from provena_sdk.datasets.paths import clashes, form_matters
from provena_sdk.transfer.local.scan import ignores_case, inside
from provena_sdk.transfer.local.view import nearest_folder
from provena_sdk.transfer.plan_file.saved import SavedPlan
from provena_sdk.transfer.spec.items import PlanItem, conflict, refused


def items_here(saved: SavedPlan) -> list[PlanItem]:
    """Return the items of a plan, with those in conflict or refused that cannot be carried out in this folder.

    Links out of a source folder are refused, as in a scan. Those in a destination are refused when the plan is run.

    Args:
        saved: The plan.
    """
    if saved.transfer == "upload":
        root = os.path.realpath(saved.folder)
        return [_within(item, saved.folder, root) for item in saved.items]
    targets = [item.local for item in saved.items if item.local and item.action in ("new", "changed", "same")]
    fold = form_matters(targets) and ignores_case(nearest_folder(saved.folder))
    reasons = clashes(targets, fold=fold)
    return [
        conflict(item.path, reasons[item.local], item.local, item.bytes)
        if item.local in reasons and item.action != "delete"
        else item
        for item in saved.items
    ]


def _within(item: PlanItem, folder: Path, root: str) -> PlanItem:
    if item.local is None or item.action not in ("new", "changed"):
        return item
    if inside(os.path.realpath(os.path.join(folder, *item.local.split("/"))), root):
        return item
    return refused(item.path, "it is a link out of the folder", item.local)
