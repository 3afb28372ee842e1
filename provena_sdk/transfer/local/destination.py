"""The destination folder of a download, and the target of each file in it."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, Self

from provena_sdk.datasets.paths import is_journal_name, part_stem
from provena_sdk.transfer.local.folder import Folder, open_folder
from provena_sdk.transfer.local.seal import PartName, Seal

# Each open folder uses a file descriptor, and a process may have few of them.
_FOLDERS: Final = 32


class Target(NamedTuple):
    """The path of one file, in a folder that stays open until its user calls ``folder.done()``.

    Args:
        folder: The folder that contains the file.
        name: The file's name in it.
        leftovers: Earlier downloads of the file whose journals were in the folder when it was opened.
    """

    folder: Folder
    name: str
    leftovers: Sequence[PartName] = ()

    @property
    def path(self) -> str:
        """The file's path on this machine, for messages and reports."""
        return os.path.join(self.folder.path, self.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.folder.done()


@dataclass(frozen=True, slots=True)
class _Known:
    """An open folder, and the journals in it when it was opened, by the start of their names."""

    folder: Folder
    journals: dict[str, list[PartName]]


class Destination:
    """The folder that a download fills. Thread-safe.

    Args:
        root: The folder, which must exist.
        seal: The user's seal; None loads it when it is needed.
    """

    def __init__(self, root: Path, seal: Seal | None = None) -> None:
        self._root = os.fspath(root)
        self._seal = seal
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Known] = OrderedDict()

    @functools.cached_property
    def seal(self) -> Seal:
        """The seal that marks and recognises this user's temporary files."""
        return self._seal or Seal.load()

    def target(self, path: str) -> Target:
        """Return a file's target and create its folder if needed. The caller must call ``done()`` on the folder.

        Args:
            path: The path relative to the destination, with forward slashes, already checked for safety.

        Raises:
            UnsafePath: A link in the path leads out of the destination.
            NotADirectoryError: A file has the name of a folder to create.
            OSError: A folder cannot be created.
        """
        parent, _, name = path.rpartition("/")
        known = self._find(parent, path)
        return Target(known.folder, name, known.journals.get(part_stem(name), ()) if known.journals else ())

    def forget(self) -> None:
        """Close the folders that are not in use; they are reopened when needed."""
        with self._lock:
            evicted = list(self._known.values())
            self._known.clear()
        for entry in evicted:
            entry.folder.done()

    def _find(self, parent: str, path: str) -> _Known:
        with self._lock:
            known = self._known.get(parent)
            if known is not None:
                self._known.move_to_end(parent)
                known.folder.keep_open()
        if known is not None:
            # Another user may replace the folder with a link during a long transfer.
            if known.folder.is_current():
                return known
            known.folder.done()
        folder = open_folder(self._root, parent, target=path)
        known = _Known(folder, self._journals(folder))
        # One use is the caller's, the other is the cache's.
        folder.keep_open()
        with self._lock:
            evicted = [self._known.pop(parent, None)]
            self._known[parent] = known
            if len(self._known) > _FOLDERS:
                evicted.append(self._known.popitem(last=False)[1])
        for entry in filter(None, evicted):
            entry.folder.done()
        return known

    def _journals(self, folder: Folder) -> dict[str, list[PartName]]:
        found: dict[str, list[PartName]] = {}
        with contextlib.suppress(OSError):
            for name in folder.names():
                if is_journal_name(name) and (part := self.seal.read(name)):
                    found.setdefault(part.stem, []).append(part)
        return found
