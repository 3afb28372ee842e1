"""Where each field of a JSON document stands."""

from __future__ import annotations

import json
import re
from typing import Final

Places = dict[str, tuple[int, int]]
"""Line and column, from 1, by path such as ``dataset_info.keywords[2]``; fields of an object stand at their names."""

MOST_PLACES: Final = 10_000
"""Most places that are kept: those that come first in a document."""

_LONGEST_PATH: Final = 1_000

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)


def joined(above: str, name: object) -> str:
    """Return the path of a field, or of an entry of a list if ``name`` is an int."""
    if isinstance(name, int):
        return f"{above}[{name}]"
    return f"{above}.{name}" if above else str(name)


def below(above: str | None, name: object) -> str | None:
    """Return the path of a field or entry, or None if the one above it is too long, or is not kept itself."""
    return None if above is None or len(above) > _LONGEST_PATH else joined(above, name)


def places(text: str) -> Places:
    r"""Find the places of fields and list entries.

    Args:
        text: JSON that can be parsed.

    Example:
        >>> places('{"a": [1,\n 2]}')
        {'a': (1, 2), 'a[0]': (1, 8), 'a[1]': (2, 2)}
    """
    found: Places = {}
    lines = _Lines(text)
    # For each open bracket its path, and the name of the field or the number of the entry that comes next.
    open_: list[tuple[str | None, str | int | None]] = []

    def add(path: str | None, at: int) -> None:
        if path is not None and len(found) < MOST_PLACES:
            found[path] = lines.place(at)

    path: str | None = ""
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if sign in "}]":
            open_.pop()
        elif sign == ",":
            above, name = open_[-1]
            open_[-1] = (above, name + 1 if isinstance(name, int) else None)
        elif sign == ":":
            pass
        elif open_ and open_[-1][1] is None and sign.startswith('"'):
            above = open_[-1][0]
            field = json.loads(sign)
            open_[-1] = (above, field)
            add(below(above, field), token.start())
        else:
            if open_:
                above, name = open_[-1]
                path = below(above, name)
                if isinstance(name, int):
                    add(path, token.start())
            if sign in "{[":
                open_.append((path if open_ else "", 0 if sign == "[" else None))
    return found


class _Lines:
    """Lines and columns of places that are asked for in ascending order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._line, self._begin = 1, 0

    def place(self, at: int) -> tuple[int, int]:
        while (end := self._text.find("\n", self._begin, at)) >= 0:
            self._line, self._begin = self._line + 1, end + 1
        return self._line, at - self._begin + 1
