"""The destination of a download, and the targets in it."""

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

# Each uses a file descriptor, of which a process may have few.
_FOLDERS: Final = 32


class Target(NamedTuple):
    """The path of one file. Its folder stays open until its user is done with it.

    Args:
        folder: The folder that holds it.
        name: Its name there.
        leftovers: Earlier downloads of it whose journal lay there when the folder was opened.
    """

    folder: Folder
    name: str
    leftovers: Sequence[PartName] = ()

    @property
    def path(self) -> str:
        """Its path on this machine, for messages and reports."""
        return os.path.join(self.folder.path, self.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.folder.done()


@dataclass(frozen=True, slots=True)
class _Known:
    """An open folder, and the journals it held when it was opened, by the start of their names."""

    folder: Folder
    journals: dict[str, list[PartName]]


class Destination:
    """The folder that a download fills. Thread-safe.

    Args:
        root: The folder; it exists.
        seal: The user's seal; None loads it when needed.
    """

    def __init__(self, root: Path, seal: Seal | None = None) -> None:
        self._root = os.fspath(root)
        self._given = seal
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Known] = OrderedDict()

    @functools.cached_property
    def seal(self) -> Seal:
        """Marks and recognises this user's temporary files."""
        return self._given or Seal.load()

    def target(self, path: str) -> Target:
        """Return a file's target, and make the folders above it. The caller must call ``done()`` on its folder.

        Args:
            path: The path relative to the destination, with forward slashes; already checked to be safe.

        Raises:
            UnsafePath: A link on the way leads out of the destination.
            NotADirectoryError: A file is where a folder is needed.
            OSError: A folder cannot be made.
        """
        above, _, name = path.rpartition("/")
        known = self._found(above, path)
        return Target(known.folder, name, known.journals.get(part_stem(name), ()) if known.journals else ())

    def forget(self) -> None:
        """Close the folders that nobody uses; they are reopened when needed."""
        with self._lock:
            forgotten = list(self._known.values())
            self._known.clear()
        for former in forgotten:
            former.folder.done()

    def _found(self, above: str, path: str) -> _Known:
        with self._lock:
            known = self._known.get(above)
            if known is not None:
                self._known.move_to_end(above)
                known.folder.keep_open()
        if known is not None:
            # During a long transfer somebody may replace a folder with a link.
            if known.folder.is_current():
                return known
            known.folder.done()
        folder = open_folder(self._root, above, target=path)
        known = _Known(folder, self._journals(folder))
        # Once for the caller, and once for later ones.
        folder.keep_open()
        with self._lock:
            forgotten = [self._known.pop(above, None)]
            self._known[above] = known
            if len(self._known) > _FOLDERS:
                forgotten.append(self._known.popitem(last=False)[1])
        for former in filter(None, forgotten):
            former.folder.done()
        return known

    def _journals(self, folder: Folder) -> dict[str, list[PartName]]:
        found: dict[str, list[PartName]] = {}
        with contextlib.suppress(OSError):
            for name in folder.names():
                if is_journal_name(name) and (part := self.seal.read(name)):
                    found.setdefault(part.stem, []).append(part)
        return found
