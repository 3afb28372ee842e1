"""Giving local files that were proved equal to the store's the times that the store has."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from provena_sdk.errors import FileError
from provena_sdk.files.folder import Folder, open_folder
from provena_sdk.files.location import FileInfo, modified_ns
from provena_sdk.files.plan import PlanItem, Seen
from provena_sdk.files.planning import is_of_its_time


def set_times(root: Path, items: Iterable[PlanItem]) -> None:
    """Set the times of files that differ in nothing else. What cannot be set, or has changed meanwhile, is left.

    Args:
        root: The folder that the plan is of.
        items: The entries of files that are the same on both sides.
    """
    opened: dict[str, Folder] = {}
    for item in items:
        if (
            item.local is None
            or item.info is None
            or item.seen is None
            or is_of_its_time(item.seen, item.info)
        ):
            continue
        above, _, name = item.local.rpartition("/")
        with contextlib.suppress(OSError, FileError):
            if above not in opened:
                # Plans are in the order of their paths, so that the last folder is enough.
                opened = {above: open_folder(os.fspath(root), above, target=item.local, make=False)}
            _set_time(opened[above], name, item.seen, item.info)


def _set_time(folder: Folder, name: str, seen: Seen, info: FileInfo) -> None:
    status = folder.stat(name)
    if stat.S_ISREG(status.st_mode) and Seen(status.st_size, status.st_mtime_ns) == seen:
        folder.set_time(name, modified_ns(info.modified))
