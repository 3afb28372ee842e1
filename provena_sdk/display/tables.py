"""Show rows as a table, in a terminal and in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import ClassVar, Final, TypeVar

from provena_sdk.display.text import printable

T = TypeVar("T")

CELL_LIMIT: Final = 80
"""Most characters of a cell to show."""

MOST_ROWS: Final = 200
"""Most rows to show; the number of the others follows."""


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    r"""Format rows as lines with aligned columns.

    Args:
        columns: The columns' names.
        rows: The cells, which may come from a service: they are escaped and bounded. None shows as nothing.

    Example:
        >>> print(table(["group", "name"], [["coral-team", "Coral team"], ["x\x1b[2J", None]]))
        group       name
        coral-team  Coral team
        x\x1b[2J
    """
    lines = [list(columns), *([_cell(value) for value in row] for row in rows[:MOST_ROWS])]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join([*shown, *_left_out(rows)])


def html_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Format rows as an HTML table.

    Args:
        columns: The columns' names.
        rows: The cells, as in :func:`table`.

    Example:
        >>> html_table(["name"], [["<b>"]])
        '<table><tr><th>name</th></tr><tr><td>&lt;b&gt;</td></tr></table>'
    """
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(_cell(value))}</td>' for value in row)}</tr>" for row in rows[:MOST_ROWS]
    )
    return f"<table><tr>{head}</tr>{body}</table>{''.join(f'<p>{line}</p>' for line in _left_out(rows))}"


class Tabular:
    """Base class of results that print as a table, below a line of title if they have one."""

    __slots__ = ()
    _columns: ClassVar[tuple[str, ...]] = ()

    def _rows(self) -> Sequence[Sequence[object]]:
        raise NotImplementedError

    def _title(self) -> str:
        """Return the line above the table; external text in it must already be printable."""
        return ""

    def __str__(self) -> str:
        rows, title = self._rows(), self._title()
        parts = (title, table(self._columns, rows) if rows or not title else "")
        return "\n".join(filter(None, parts))

    def _repr_html_(self) -> str:
        rows, title = self._rows(), self._title()
        head = f"<p>{escape(title)}</p>" if title else ""
        return head + (html_table(self._columns, rows) if rows or not title else "")


class TabularList(Tabular, list[T]):
    """Base class of lists that print as a table. The repr names only their length."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)}>"


def _cell(value: object) -> str:
    return "" if value is None else printable(value, CELL_LIMIT)


def _left_out(rows: Sequence[object]) -> Iterable[str]:
    return [f"… and {len(rows) - MOST_ROWS:,} more"] if len(rows) > MOST_ROWS else []
