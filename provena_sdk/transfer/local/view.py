"""Inspect a destination folder, without following links out of it."""

from __future__ import annotations

import functools
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from provena_sdk.datasets.paths import folded, is_part_name, part_stem
from provena_sdk.display.text import quoted
from provena_sdk.transfer.local.scan import ignores_case, inside
from provena_sdk.transfer.local.seal import Seal
from provena_sdk.transfer.local.seen import Seen

_BLOCK_BYTES = 512


class Found(NamedTuple):
    """An existing file, or a link with a file's name."""

    seen: Seen
    link: bool


class InTheWay(NamedTuple):
    """The reason why a file cannot be written; ``unsafe`` if a link leads out of the destination."""

    reason: str
    unsafe: bool = False


@dataclass(slots=True)
class _Folder:
    path: str
    entries: dict[str, os.DirEntry[str]] = field(default_factory=dict)
    obstacle: InTheWay | None = None
    parts: dict[str, int] = field(default_factory=dict)
    spellings: dict[str, str] | None = None


class DestinationView:
    """A view of a destination's contents, which reads each folder once if paths are looked up in order.

    Args:
        root: The folder, which need not exist.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real_root = os.path.realpath(root)
        self._ignores_case: bool | None = None
        # The folders that contain the path looked up last, from the root down.
        self._chain: list[tuple[str, _Folder]] = []

    @property
    def ignores_case(self) -> bool:
        """Whether the file system ignores case and Unicode form.

        The first use tests it by creating a file in the nearest existing folder.
        """
        if self._ignores_case is None:
            self._ignores_case = ignores_case(nearest_folder(self.root))
        return self._ignores_case

    def look(self, target: str) -> Found | InTheWay | None:
        """Return the file at a path, or what prevents writing one there; None if the path is free.

        Args:
            target: The path below the root, with forward slashes, already checked for safety.
        """
        parent, _, name = target.rpartition("/")
        folder = self._folder(parent)
        if folder.obstacle is not None:
            return folder.obstacle
        entry = folder.entries.get(name)
        if entry is None:
            other = self._other_spelling(folder, name)
            return None if other is None else _spelt_otherwise(other)
        return _examine(entry)

    def resumable_bytes(self, target: str) -> int:
        """Return how many bytes on disk the next download of a file can resume from.

        Args:
            target: The path below the root, with forward slashes.
        """
        parent, _, name = target.rpartition("/")
        return self._folder(parent).parts.get(part_stem(name), 0)

    def files(self, below: str = "") -> Iterator[tuple[str, Seen]]:
        """Yield each file below a folder, with its path from the root.

        Links, part files, journals and unreadable folders are left out.

        Args:
            below: The folder, ending in a slash; empty for the whole destination.
        """
        pending = [below]
        if isinstance(self._folder(below.removesuffix("/")).obstacle, InTheWay):
            return
        while pending:
            prefix = pending.pop()
            for entry in _read(os.path.join(self.root, *prefix.split("/")))[0]:
                if entry.is_symlink() or is_part_name(entry.name):
                    continue
                if entry.is_dir():
                    pending.append(f"{prefix}{entry.name}/")
                elif entry.is_file():
                    yield prefix + entry.name, Seen.of(entry.stat())

    def _folder(self, path: str) -> _Folder:
        while self._chain and not self._is_above(self._chain[-1][0], path):
            self._chain.pop()
        if not self._chain:
            self._chain.append(("", self._opened(os.fspath(self.root))))
        place, folder = self._chain[-1]
        for name in path[len(place) :].lstrip("/").split("/") if len(path) > len(place) else ():
            place = f"{place}/{name}" if place else name
            folder = self._below(folder, name, place)
            self._chain.append((place, folder))
        return folder

    @staticmethod
    def _is_above(folder: str, path: str) -> bool:
        return not folder or path == folder or path.startswith(folder + "/")

    def _below(self, folder: _Folder, name: str, place: str) -> _Folder:
        if folder.obstacle is not None:
            return folder
        entry = folder.entries.get(name)
        if entry is None:
            other = self._other_spelling(folder, name)
            entry = None if other is None else folder.entries[other]
        if entry is None:
            return _Folder("")
        try:
            leads_out = entry.is_symlink() and not inside(os.path.realpath(entry.path), self._real_root)
            is_folder = entry.is_dir()
        except OSError as error:
            # Another process may remove a link before it is read.
            return _Folder("", obstacle=_unreadable(error))
        if leads_out:
            return _Folder("", obstacle=InTheWay("a link in the destination leads out of it", unsafe=True))
        if not is_folder:
            return _Folder("", obstacle=InTheWay(f"a file has the name of the folder {quoted(place)}"))
        return self._opened(entry.path)

    @functools.cached_property
    def _seal(self) -> Seal:
        return Seal.load(create=False)

    def _opened(self, path: str) -> _Folder:
        entries, error = _read(path)
        folder = _Folder(path, obstacle=None if error is None else _unreadable(error))
        for entry in entries:
            if is_part_name(entry.name):
                self._note_part(folder.parts, entry)
            else:
                folder.entries[entry.name] = entry
        return folder

    def _note_part(self, parts: dict[str, int], entry: os.DirEntry[str]) -> None:
        part = self._seal.read(entry.name)
        if part is None:
            return
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            return
        if stat.S_ISREG(status.st_mode):
            # Part files are sparse. Windows does not report their size on disk, which then counts as 0.
            taken = getattr(status, "st_blocks", 0) * _BLOCK_BYTES
            parts[part.stem] = max(parts.get(part.stem, 0), min(taken, status.st_size))

    def _other_spelling(self, folder: _Folder, name: str) -> str | None:
        """Return the entry whose name differs only in case or Unicode form, if the file system ignores both."""
        if not folder.entries:
            return None
        if folder.spellings is None:
            folder.spellings = {folded(entry): entry for entry in folder.entries}
        other = folder.spellings.get(folded(name))
        return other if other is not None and self.ignores_case else None


def nearest_folder(path: Path) -> Path:
    """Return a folder, or its nearest existing parent if it does not exist.

    Args:
        path: The folder.
    """
    while not path.is_dir() and path != path.parent:
        path = path.parent
    return path


def _read(path: str) -> tuple[list[os.DirEntry[str]], OSError | None]:
    try:
        with os.scandir(path) as entries:
            return list(entries), None
    except FileNotFoundError:
        return [], None
    except OSError as error:
        return [], error


def _unreadable(error: OSError) -> InTheWay:
    return InTheWay(f"its folder cannot be read ({error.strerror or type(error).__name__})")


def _examine(entry: os.DirEntry[str]) -> Found | InTheWay:
    try:
        if entry.is_dir():
            return InTheWay("a folder has that name")
        status = entry.stat(follow_symlinks=False)
    except OSError as error:
        return InTheWay(f"the existing file cannot be read ({error.strerror or type(error).__name__})")
    if stat.S_ISLNK(status.st_mode):
        return Found(Seen.of(status), link=True)
    if not stat.S_ISREG(status.st_mode):
        return InTheWay("something that is neither a file nor a folder has that name")
    return Found(Seen.of(status), link=False)


def _spelt_otherwise(name: str) -> InTheWay:
    return InTheWay(f"{quoted(name)} exists, which differs only in case or Unicode form")
