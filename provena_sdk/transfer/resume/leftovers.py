"""Clearing away what downloads that were killed left in a destination."""

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
    """Remove what downloads of this user that were killed left in the folders of these targets.

    A part file is dead when its process is, or when nobody has touched it for an hour. One with a journal can be
    resumed, and is removed a week after it was last touched. What this user's SDK did not name stays, whatever its name
    looks like.

    Args:
        root: The destination folder.
        targets: Paths relative to it, with forward slashes; already judged safe as names.
        seal: The user's seal; None loads it.
    """
    seal = seal or Seal.load(create=False)
    if not seal.proves:
        return
    now = time.time()
    for above in {target.rpartition("/")[0] for target in targets}:
        with (
            contextlib.suppress(OSError, FileError),
            open_folder(os.fspath(root), above, target=above, make=False) as folder,
        ):
            _sweep_folder(folder, seal, now)


def _sweep_folder(folder: Folder, seal: Seal, now: float) -> None:
    pairs: dict[PartName, dict[str, float]] = {}
    for name in filter(is_part_name, folder.names()):
        part = seal.read(name)
        if part is None:
            continue
        # Another process may have been faster.
        with contextlib.suppress(FileNotFoundError):
            status = folder.stat(name)
            if stat.S_ISREG(status.st_mode):
                pairs.setdefault(part, {})[name] = status.st_mtime
    for part, pair in pairs.items():
        resumable = len(pair) > 1
        patience = _RESUMABLE_SECONDS if resumable else DEAD_SECONDS
        if max(pair.values()) < now - patience or (not resumable and part.is_of_the_dead()):
            for name in pair:
                with contextlib.suppress(FileNotFoundError):
                    folder.unlink(name)
