"""Trees of paths with their sizes, folded so that they stay short."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Container, Iterable, Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from provena_sdk.display.amounts import counted, human_size
from provena_sdk.display.html import Html, element, html
from provena_sdk.display.notebook import pretty
from provena_sdk.display.tables import html_section
from provena_sdk.display.text import printable

_NAME_LIMIT: Final = 60
# Deeper folders are not split: their path is the name of the file.
_DEEPEST: Final = 12


class _Room(NamedTuple):
    """How much of a tree to show: of the whole, of the top, and of each folder; and how many levels."""

    whole: int = sys.maxsize
    top: int = sys.maxsize
    folder: int = sys.maxsize
    levels: int = sys.maxsize


_IN_TEXT: Final = _Room(whole=40, top=25, folder=6)
_IN_HTML: Final = _Room(whole=400, top=100, folder=50)


class Folder:
    """A folder of a tree.

    Attributes:
        files: The number of files in it and below.
        size: Their size in bytes.
        entries: The folders in it, whose names end in a slash, and the sizes of the files in it, by name.
    """

    __slots__ = ("entries", "files", "size")

    def __init__(self) -> None:
        self.files = 0
        self.size = 0
        self.entries: dict[str, Folder | int] = {}

    def add(self, size: int) -> None:
        """Count a file in it or below."""
        self.files += 1
        self.size += size

    def folder(self, name: str) -> Folder:
        """Return the folder of this name in it, made when there is none."""
        found = self.entries.get(name)
        if not isinstance(found, Folder):
            found = self.entries[name] = Folder()
        return found


class Tree:
    """A tree of files, of which each folder shows the first entries. Folders that only hold a folder share its line.

    Args:
        files: The path and the size in bytes of each file. Folders more than a dozen levels down are not split.
        whole: Whether the text shows all entries.
        depth: The most levels of a whole tree to show; None for all.

    Example:
        >>> print(Tree([("metadata.json", 1200), ("obs/2024/a.csv", 5), ("obs/2024/b.csv", 7)]))
        metadata.json  1.2 kB
        obs/2024/        12 B  2 files
          a.csv           5 B
          b.csv           7 B
    """

    def __init__(
        self, files: Iterable[tuple[str, int]], *, whole: bool = False, depth: int | None = None
    ) -> None:
        self._room = _Room(levels=depth or sys.maxsize) if whole else _IN_TEXT
        self.root = Folder()
        for path, size in files:
            self._add(path, size)

    def _add(self, path: str, size: int) -> None:
        *folders, name = path.split("/", _DEEPEST)
        parent = self.root
        parent.add(size)
        for part in folders:
            parent = parent.folder(f"{part}/")
            parent.add(size)
        parent.entries[name] = size

    def __str__(self) -> str:
        lines = list(_lines(self.root, _numbers(self.root, self._room)))
        names, sizes = (max((len(line[column]) for line in lines), default=0) for column in (0, 1))
        return "\n".join(f"{name:{names}}  {size:>{sizes}}  {files}".rstrip() for name, size, files in lines)

    def __repr__(self) -> str:
        return f"<Tree of {counted(self.root.files)}, {human_size(self.root.size)}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    def _repr_html_(self) -> str:
        return html_section("", self.to_html())

    def to_dict(self) -> dict[str, Any]:
        """Return the tree as nested dictionaries, for JSON: name, size in bytes, and of a folder, files and entries.

        Example:
            >>> Tree([("obs/a.csv", 5)]).to_dict()["entries"]
            [{'name': 'obs/', 'files': 1, 'size': 5, 'entries': [{'name': 'a.csv', 'size': 5}]}]
        """
        return _as_dict("", self.root, self._room.levels)

    def to_html(self) -> Html:
        """Return the tree as HTML whose folders are folded and unfolded by a click, without a script."""
        is_open = _numbers(self.root, _IN_TEXT).keys()
        return _listed(_items(self.root, _numbers(self.root, _IN_HTML), is_open))


def _numbers(root: Folder, room: _Room) -> dict[int, int]:
    """Return how many entries of each folder to show, by the folder's id; the others are folded."""
    numbers: dict[int, int] = {}
    left = room.whole
    waiting = deque([(root, 1)])
    while waiting:
        folder, level = waiting.popleft()
        most = room.top if folder is root else room.folder
        number = min(len(folder.entries), most)
        if number <= left and level <= room.levels:
            left -= number
            numbers[id(folder)] = number
            entries = islice(folder.entries.values(), number)
            waiting.extend((_joined("", one)[1], level + 1) for one in entries if isinstance(one, Folder))
    return numbers


def _as_dict(name: str, folder: Folder, levels: int) -> dict[str, Any]:
    known: dict[str, Any] = {"name": name, "files": folder.files, "size": folder.size}
    if levels:
        known["entries"] = [
            _as_dict(*_joined(below, entry), levels - 1)
            if isinstance(entry, Folder)
            else {"name": below, "size": entry}
            for below, entry in folder.entries.items()
        ]
    return known


def _joined(name: str, folder: Folder) -> tuple[str, Folder]:
    """Return the folder below a chain of folders that hold nothing else, and its whole name."""
    while len(folder.entries) == 1:
        ((below, entry),) = folder.entries.items()
        if not isinstance(entry, Folder):
            break
        name, folder = name + below, entry
    return name, folder


def _shown(folder: Folder, number: int) -> tuple[list[tuple[str, Folder | int]], Folder | None]:
    """Return the entries of a folder to show, and all others as one folder, or None."""
    shown: list[tuple[str, Folder | int]] = []
    for name, entry in islice(folder.entries.items(), number):
        shown.append(_joined(name, entry) if isinstance(entry, Folder) else (name, entry))
    if len(folder.entries) <= number:
        return shown, None
    rest = Folder()
    for _, entry in shown:
        files, size = (entry.files, entry.size) if isinstance(entry, Folder) else (1, entry)
        rest.files, rest.size = rest.files - files, rest.size - size
    rest.files, rest.size = rest.files + folder.files, rest.size + folder.size
    return shown, rest


def _lines(root: Folder, numbers: dict[int, int], indent: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield the name, the size and the number of files of each line."""
    shown, rest = _shown(root, numbers[id(root)])
    for name, entry in shown:
        label = indent + printable(name, _NAME_LIMIT)
        if isinstance(entry, int):
            yield label, human_size(entry), ""
        else:
            yield label, human_size(entry.size), counted(entry.files)
            if id(entry) in numbers:
                yield from _lines(entry, numbers, f"{indent}  ")
    if rest is not None:
        yield f"{indent}… and more", human_size(rest.size), counted(rest.files)


def _items(root: Folder, numbers: dict[int, int], is_open: Container[int]) -> Iterator[Html]:
    """Yield the entries of a list in HTML."""
    shown, rest = _shown(root, numbers[id(root)])
    for name, entry in shown:
        label = html(name, _NAME_LIMIT)
        if isinstance(entry, int):
            yield element("li", label, _small(human_size(entry)))
            continue
        label = Html(label + _small(f"{human_size(entry.size)}, {counted(entry.files)}"))
        if id(entry) not in numbers:
            yield element("li", label)
            continue
        inside = _listed(_items(entry, numbers, is_open))
        opened = " open" if id(entry) in is_open else ""
        yield element("li", Html(f"<details{opened}><summary>{label}</summary>{inside}</details>"))
    if rest is not None:
        yield element("li", "… and more", _small(f"{human_size(rest.size)}, {counted(rest.files)}"))


def _listed(items: Iterable[Html]) -> Html:
    return Html(f'<ul style="list-style:none;margin:0;padding-left:1.2em">{"".join(items)}</ul>')


def _small(text: str) -> Html:
    return Html(f" {element('small', text, kind='p-quiet')}")
