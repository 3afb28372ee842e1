"""Lay out rows in columns as wide as the terminal, before all rows are known."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rich.cells import cell_len, set_cell_size

from provena_sdk.display.text import escaped, printable
from provena_sdk.display.times import shown_time

GAP: Final = "  "
_LEAST: Final = 10
"""The width to which a column is narrowed at most."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, and a field of its JSON.

    Args:
        name: The name, in lower case; people see it in upper case.
        get: Returns the value of an item, as it appears in JSON.
        show: Formats the value for people; None does what suits its type.
        id: Whether it identifies the row: it is never shortened, and is what ``--quiet`` prints.
        right: Whether to align it to the right, as numbers are.
        extra: Whether only JSON has it, and what ``--fields`` names.
    """

    name: str
    get: Callable[[Any], object]
    show: Callable[[Any], str] | None = None
    id: bool = False
    right: bool = False
    extra: bool = False


def shown(column: Column, value: object) -> str:
    """Return the text of a cell for people, on one line."""
    if value is not None and column.show is not None:
        text = column.show(value)
    elif value is None:
        return ""
    elif isinstance(value, datetime):
        text = shown_time(value) or ""
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, (list, tuple)):
        text = ", ".join(map(str, value))
    else:
        text = str(value)
    return escaped(text) if column.id else printable(text)


def described(item: Any, columns: Sequence[Column], width: int) -> list[str]:
    """Return the lines of one item: a line for each field that has a value, longer ones wrapped.

    Args:
        item: The item.
        columns: Its fields.
        width: The columns of the terminal.
    """
    cells = [(column.name.replace("_", " "), shown(column, column.get(item))) for column in columns]
    edge = max(len(name) for name, _ in cells) + len(GAP)
    lines: list[str] = []
    for name, cell in cells:
        if cell:
            fits = textwrap.TextWrapper(
                max(width - edge, _LEAST), break_long_words=False, break_on_hyphens=False
            )
            wrapped = fits.wrap(cell) or [cell]
            lines += [f"{name:{edge}}{wrapped[0]}", *(f"{'':{edge}}{more}" for more in wrapped[1:])]
    return lines


class Layout:
    """The widths of columns, from the first rows; later rows keep to them.

    Args:
        columns: The columns.
        rows: The cells of the first rows.
        width: The columns of the terminal.

    Attributes:
        columns: The columns that fit; those on the right are left out of a narrow terminal.
    """

    def __init__(self, columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> None:
        self.columns = list(columns)
        self._widths = [
            max([cell_len(column.name), *(cell_len(row[place]) for row in rows)])
            for place, column in enumerate(columns)
        ]
        least = [
            needed if column.id else min(needed, max(_LEAST, cell_len(column.name)))
            for column, needed in zip(columns, self._widths, strict=True)
        ]
        while len(self.columns) > 1 and _total(least[: len(self.columns)]) > width:
            self.columns.pop()
        del self._widths[len(self.columns) :]
        while _total(self._widths) > width:
            spare = [needed - some for needed, some in zip(self._widths, least, strict=False)]
            widest = max(range(len(spare)), key=lambda place: (spare[place] > 0, self._widths[place]))
            if spare[widest] <= 0:
                break
            self._widths[widest] -= 1

    def heading(self) -> str:
        """Return the line of the columns' names."""
        return self.line([column.name.upper() for column in self.columns])

    def line(self, cells: Sequence[str]) -> str:
        """Return the line of a row."""
        laid = [
            _cell(cell, width, column)
            for cell, width, column in zip(cells, self._widths, self.columns, strict=False)
        ]
        return GAP.join(laid).rstrip()


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _cell(text: str, width: int, column: Column) -> str:
    length = cell_len(text)
    if length > width and not column.id:
        return set_cell_size(text, width - 1) + "…"
    return " " * (width - length) + text if column.right else text + " " * (width - length)
