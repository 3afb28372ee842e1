"""What differs between two states of a dataset's metadata."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import ClassVar

from provena_sdk.display.changes import Change
from provena_sdk.display.diff import Difference, diff_html, diff_text
from provena_sdk.display.html import element
from provena_sdk.display.tables import html_section
from provena_sdk.display.terminal import is_terminal, wants_colour
from provena_sdk.display.text import printable
from provena_sdk.views.tabular import TabularList

_NAMED = 3


class MetadataDiff(TabularList[Change]):
    """The fields that differ between two states of a dataset, as a list.

    It prints as a diff, in colours if standard output is a terminal, and shows as a table in a notebook.

    Attributes:
        title: What was compared.
    """

    noun: ClassVar = ("change", "changes")
    _columns: ClassVar = ("field", "before", "after")
    _index: ClassVar = "field"

    def __init__(self, changes: Iterable[Change] = (), title: str = "") -> None:
        super().__init__(changes)
        self.title = printable(title)

    def text(self, *, colour: bool = False) -> str:
        """Format the diff as lines.

        Args:
            colour: True for red and green, by ANSI escape sequences.

        Returns:
            The title; below it each field, with its former value after ``-`` and its new value after ``+``.
        """
        lines = diff_text(self._differences(), colour=colour) if self else "no difference"
        return "\n".join(filter(None, (self.title, lines)))

    def __str__(self) -> str:
        return self.text(colour=wants_colour() and is_terminal(sys.stdout))

    def __repr__(self) -> str:
        named = ", ".join(change.path for change in list(self)[:_NAMED])
        more = ", …" if len(self) > _NAMED else ""
        count = f"{len(self)} change{'' if len(self) == 1 else 's'}"
        return f"<MetadataDiff of {count}{': ' if self else ''}{printable(named, 120)}{more}>"

    def _repr_html_(self) -> str:
        shown = diff_html(self._differences()) if self else element("div", "no difference")
        return html_section(self.title, shown)

    def _rows(self) -> list[tuple[object, ...]]:
        return [(change.path, change.before, change.after) for change in self]

    def _differences(self) -> list[Difference]:
        return [Difference(change.path, _text(change.before), _text(change.after)) for change in self]


def _text(value: object) -> str | None:
    """Return a JSON value as people write it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value) or "[]"
    return json.dumps(value, ensure_ascii=False)
