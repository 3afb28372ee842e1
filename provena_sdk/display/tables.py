"""Show rows as a table, in a terminal and in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import Final

from provena_sdk.display.text import printable
from provena_sdk.display.times import shown_time

CELL_LIMIT: Final = 80
"""Most characters of a cell to show, by default."""

MOST_ROWS: Final = 200
"""Most rows to show; the number of the others follows."""


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    count: int | None = None,
    cell_limit: int = CELL_LIMIT,
) -> str:
    r"""Format rows as lines with aligned columns.

    Args:
        columns: The columns' names.
        rows: The cells, which may come from a service: they are escaped and bounded. None shows as nothing, a time in
            the local time zone, a list with commas, and a float with three decimals.
        count: The number of all rows, if these are only the first; the last line says how many are left out.
        cell_limit: Most characters of a cell to show.

    Example:
        >>> print(table(["group", "name"], [["coral-team", "Coral team"], ["x\x1b[2J", None]]))
        group       name
        coral-team  Coral team
        x\x1b[2J
    """
    lines = [list(columns), *([_cell(value, cell_limit) for value in row] for row in rows[:MOST_ROWS])]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join([*shown, *_left_out(rows, count)])


def html_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    count: int | None = None,
    cell_limit: int = CELL_LIMIT,
) -> str:
    """Format rows as an HTML table.

    Args:
        columns: The columns' names.
        rows: The cells, as in :func:`table`.
        count: The number of all rows, as in :func:`table`.
        cell_limit: Most characters of a cell to show.

    Example:
        >>> html_table(["name"], [["<b>"]])
        '<table><tr><th>name</th></tr><tr><td>&lt;b&gt;</td></tr></table>'
    """
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    lines = [[escape(_cell(value, cell_limit)) for value in row] for row in rows[:MOST_ROWS]]
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in line)}</tr>" for line in lines)
    more = "".join(f"<p>{line}</p>" for line in _left_out(rows, count))
    return f"<table><tr>{head}</tr>{body}</table>{more}"


def _cell(value: object, limit: int) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return shown_time(value) or ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value[:limit]))
    return printable(value, limit)


def _left_out(rows: Sequence[object], count: int | None) -> Iterable[str]:
    more = (len(rows) if count is None else count) - min(len(rows), MOST_ROWS)
    return [f"… and {more:,} more"] if more > 0 else []
