"""Show rows as a table, in a terminal and in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from provena_sdk.display.html import Html, element, fragment, html
from provena_sdk.display.html import rows as html_rows
from provena_sdk.display.text import MESSAGE_LIMIT, printable
from provena_sdk.display.times import shown_time

CELL_LIMIT: Final = 80
"""Most characters of a cell to show, by default."""

QUIET_LINE: Final = "p-line p-quiet"
"""The class of a line of HTML that matters less."""

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
) -> Html:
    """Format rows as an HTML table, for :func:`provena_sdk.display.html.fragment`.

    Args:
        columns: The columns' names.
        rows: The cells, as in :func:`table`, or HTML; numbers stand to the right.
        count: The number of all rows, as in :func:`table`.
        cell_limit: Most characters of a cell to show.

    Example:
        >>> html_table(["name"], [["<b>"]])
        '<div class="p-wide"><table class="p-rows"><tr><th>name</th></tr><tr><td class="p-short">&lt;b&gt;</td>...'
    """
    cells = [
        [value if isinstance(value, Html) or _is_count(value) else _cell(value, cell_limit) for value in row]
        for row in rows[:MOST_ROWS]
    ]
    more = [element("div", line, kind=QUIET_LINE) for line in _left_out(rows, count)]
    return Html("".join([html_rows(columns, cells, limit=cell_limit), *more]))


def html_section(title: str, *parts: object, notes: Iterable[str] = ()) -> str:
    """Return a title, parts below it and notes as one piece of HTML, as a ``_repr_html_`` returns it.

    Args:
        title: The title; none when empty.
        parts: Pieces of HTML, such as tables.
        notes: Lines below them.
    """
    head = [element("div", html(title, MESSAGE_LIMIT), kind="p-title")] if title else []
    below = [element("div", html(note, MESSAGE_LIMIT), kind=QUIET_LINE) for note in notes]
    return fragment(*head, *parts, *below)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


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
