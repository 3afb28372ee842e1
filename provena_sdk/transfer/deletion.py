"""Delete local files that are missing from the dataset."""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from provena_sdk.errors import UnsafePath
from provena_sdk.transfer.local.folder import Folder, open_folder
from provena_sdk.transfer.local.seen import Seen
from provena_sdk.transfer.report import FileOutcome
from provena_sdk.transfer.spec.items import PlanItem

CHANGED: Final = "it changed after the plan was made"
"""The reason for keeping a file that the plan would delete."""


def delete_files(root: Path, items: Iterable[PlanItem]) -> list[FileOutcome]:
    """Delete local files that have not changed since the plan was made, and the folders that this empties.

    Args:
        root: The folder of the plan.
        items: The files to delete.

    Returns:
        One outcome per file.
    """
    outcomes: list[FileOutcome] = []
    emptied: set[str] = set()
    for parent, group in itertools.groupby((item for item in items if item.local), _parent):
        found = _delete_in(root, parent, list(group))
        if any(outcome.outcome == "deleted" for outcome in found):
            emptied.add(parent)
        outcomes += found
    _remove_emptied(root, emptied)
    return outcomes


def _parent(item: PlanItem) -> str:
    return (item.local or "").rpartition("/")[0]


def _delete_in(root: Path, parent: str, items: Sequence[PlanItem]) -> list[FileOutcome]:
    """Delete files in one folder."""
    try:
        folder = _open(root, parent)
    except UnsafePath:
        return [_skipped(root, item) for item in items]
    except FileNotFoundError:
        return [_deleted(root, item) for item in items]
    except OSError as error:
        return [_failed(root, item, error) for item in items]
    with folder:
        return [_delete(root, folder, item) for item in items]


def _delete(root: Path, folder: Folder, item: PlanItem) -> FileOutcome:
    name = (item.local or "").rpartition("/")[2]
    try:
        status = folder.stat(name)
        if not stat.S_ISREG(status.st_mode) or Seen.of(status) != item.seen:
            return _skipped(root, item)
        folder.unlink(name)
    except FileNotFoundError:
        pass
    except OSError as error:
        error.filename = os.path.join(folder.path, name)
        return _failed(root, item, error)
    return _deleted(root, item)


def _deleted(root: Path, item: PlanItem) -> FileOutcome:
    return FileOutcome(item.path, "deleted", local=_local(root, item))


def _skipped(root: Path, item: PlanItem) -> FileOutcome:
    return FileOutcome(item.path, "skipped", local=_local(root, item), reason=CHANGED)


def _failed(root: Path, item: PlanItem, error: OSError) -> FileOutcome:
    return FileOutcome(item.path, "failed", local=_local(root, item), error=error)


def _local(root: Path, item: PlanItem) -> Path:
    return root / (item.local or "")


def _open(root: Path, parent: str) -> Folder:
    return open_folder(os.fspath(root), parent, target=parent, make=False)


def _remove_emptied(root: Path, folders: set[str]) -> None:
    for folder in sorted(folders, key=lambda folder: -folder.count("/")):
        current = folder
        while current:
            parent, _, name = current.rpartition("/")
            try:
                with _open(root, parent) as opened:
                    opened.rmdir(name)
            except (OSError, UnsafePath):
                break
            current = parent
