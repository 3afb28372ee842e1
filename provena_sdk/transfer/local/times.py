"""Set the modification times of local files."""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from provena_sdk.errors import FileError
from provena_sdk.s3.models import modified_ns
from provena_sdk.transfer.local.folder import Folder, open_folder
from provena_sdk.transfer.local.seen import Seen


class NewTime(NamedTuple):
    """A file and its new modification time.

    Args:
        local: Its path below the folder, with forward slashes.
        seen: Its state when the plan was made.
        modified: The time to set.
    """

    local: str
    seen: Seen
    modified: datetime


def set_times(root: Path, files: Iterable[NewTime]) -> None:
    """Set the times of files. Skip files that changed since the plan was made, or that cannot be changed.

    Args:
        root: The folder.
        files: The files, grouped by folder.
    """
    for parent, group in itertools.groupby(files, lambda file: file.local.rpartition("/")[0]):
        with (
            contextlib.suppress(OSError, FileError),
            open_folder(os.fspath(root), parent, target=parent, make=False) as folder,
        ):
            for file in group:
                _set_time(folder, file)


def _set_time(folder: Folder, file: NewTime) -> None:
    name = file.local.rpartition("/")[2]
    with contextlib.suppress(OSError):
        status = folder.stat(name)
        if stat.S_ISREG(status.st_mode) and Seen.of(status) == file.seen:
            folder.set_time(name, modified_ns(file.modified))
