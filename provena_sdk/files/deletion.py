"""Deleting the files of a destination that its dataset does not hold."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from provena_sdk.errors import UnsafePath
from provena_sdk.files.folder import Folder, open_folder
from provena_sdk.files.plan import PlanItem, Seen
from provena_sdk.files.report import FileOutcome

CHANGED: Final = "it changed after the plan was made"
"""Why a file that was to be deleted is not."""


def delete_files(root: Path, items: Iterable[PlanItem]) -> list[FileOutcome]:
    """Delete local files that are still what they were, and the folders that held nothing else.

    Args:
        root: The folder that the plan is of.
        items: The entries of files to be deleted.

    Returns:
        One outcome a file.
    """
    outcomes: list[FileOutcome] = []
    emptied: set[str] = set()
    opened: dict[str, Folder] = {}
    for item in items:
        if item.local is None:
            continue
        above, _, name = item.local.rpartition("/")
        local = root / item.local
        try:
            if above not in opened:
                # Plans are in the order of their paths, so that the last folder is enough.
                opened = {above: _opened(root, above)}
            if not _delete(opened[above], name, item.seen):
                outcomes.append(FileOutcome(item.path, "skipped", local=local, reason=CHANGED))
                continue
        except UnsafePath:
            outcomes.append(FileOutcome(item.path, "skipped", local=local, reason=CHANGED))
            continue
        except FileNotFoundError:
            pass
        except OSError as error:
            error.filename = str(local)
            outcomes.append(FileOutcome(item.path, "failed", local=local, error=error))
            continue
        emptied.add(above)
        outcomes.append(FileOutcome(item.path, "deleted", local=local))
    _remove_emptied(root, emptied)
    return outcomes


def _opened(root: Path, above: str) -> Folder:
    return open_folder(os.fspath(root), above, target=above, make=False)


def _delete(folder: Folder, name: str, seen: Seen | None) -> bool:
    status = folder.stat(name)
    if not stat.S_ISREG(status.st_mode) or Seen(status.st_size, status.st_mtime_ns) != seen:
        return False
    folder.unlink(name)
    return True


def _remove_emptied(root: Path, folders: set[str]) -> None:
    for folder in sorted(folders, key=lambda folder: -folder.count("/")):
        current = folder
        while current:
            above, _, name = current.rpartition("/")
            try:
                _opened(root, above).rmdir(name)
            except (OSError, UnsafePath):
                break
            current = above
