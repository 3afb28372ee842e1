"""Remove the leftovers of killed downloads from a destination."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from provena_sdk.datasets.paths import is_part_name
from provena_sdk.errors import FileError
from provena_sdk.transfer.local.folder import Folder, open_folder
from provena_sdk.transfer.local.seal import PartName, Seal
from provena_sdk.transfer.resume.partial_download import DEAD_SECONDS

_RESUMABLE_SECONDS: Final = 7 * 24 * 3600.0


def sweep(root: Path, targets: Iterable[str], seal: Seal | None = None) -> None:
    """Remove the leftovers of this user's killed downloads from the folders of some targets.

    A part file without a journal is removed if its process has ended, or if nothing was written to it for an hour. One
    with a journal can be resumed, and is removed a week after the last write to either. Files whose names this user's
    SDK did not make are kept.

    Args:
        root: The destination folder.
        targets: Paths relative to it, with forward slashes, already checked for safety.
        seal: The user's seal; None loads it.
    """
    seal = seal or Seal.load(create=False)
    if not seal.has_key:
        return
    now = time.time()
    for parent in {target.rpartition("/")[0] for target in targets}:
        with (
            contextlib.suppress(OSError, FileError),
            open_folder(os.fspath(root), parent, target=parent, make=False) as folder,
        ):
            _sweep_folder(folder, seal, now)


def _sweep_folder(folder: Folder, seal: Seal, now: float) -> None:
    pairs: dict[PartName, dict[str, float]] = {}
    for name in filter(is_part_name, folder.names()):
        part = seal.read(name)
        if part is None:
            continue
        # Another process may have removed it.
        with contextlib.suppress(FileNotFoundError):
            status = folder.stat(name)
            if stat.S_ISREG(status.st_mode):
                pairs.setdefault(part, {})[name] = status.st_mtime
    for part, pair in pairs.items():
        resumable = len(pair) > 1
        limit = _RESUMABLE_SECONDS if resumable else DEAD_SECONDS
        if max(pair.values()) < now - limit or (not resumable and part.process_is_dead()):
            for name in pair:
                with contextlib.suppress(FileNotFoundError):
                    folder.unlink(name)
