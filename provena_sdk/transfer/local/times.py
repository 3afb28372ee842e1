"""Giving local files that were proved equal to the store's the times that the store has."""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from provena_sdk.errors import FileError
from provena_sdk.s3.models import modified_ns
from provena_sdk.transfer.local.folder import Folder, open_folder
from provena_sdk.transfer.plan import PlanItem, Seen
from provena_sdk.transfer.planner import is_of_its_time


def set_times(root: Path, items: Iterable[PlanItem]) -> None:
    """Set the times of files that differ in nothing else. What cannot be set, or has changed meanwhile, is left.

    Args:
        root: The folder that the plan is of.
        items: The entries of files that are the same on both sides.
    """
    for above, group in itertools.groupby(items, lambda item: (item.local or "").rpartition("/")[0]):
        late = [
            item for item in group if item.info and item.seen and not is_of_its_time(item.seen, item.info)
        ]
        if not late:
            continue
        with (
            contextlib.suppress(OSError, FileError),
            open_folder(os.fspath(root), above, target=above, make=False) as folder,
        ):
            for item in late:
                _set_time(folder, item)


def _set_time(folder: Folder, item: PlanItem) -> None:
    if item.local is None or item.info is None:
        return
    name = item.local.rpartition("/")[2]
    with contextlib.suppress(OSError):
        status = folder.stat(name)
        if stat.S_ISREG(status.st_mode) and Seen(status.st_size, status.st_mtime_ns) == item.seen:
            folder.set_time(name, modified_ns(item.info.modified))
