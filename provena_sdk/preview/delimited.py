"""The columns and first rows of CSV and TSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from typing import Final

from provena_sdk.preview.kinds import PreviewColumn, TablePreview
from provena_sdk.preview.opened import Opened
from provena_sdk.preview.text import decoded, growing

_DELIMITERS: Final = ",;\t|"
_MOST_COLUMNS: Final = 10_000
_MOST_CELLS: Final = 1_000_000
"""Rows are filled up to the widest one, which a few bytes can make wide; and each column takes time to show."""


def read_delimited(file: Opened, rows: int) -> TablePreview:
    """Read the first rows of a table of text; its first line names the columns.

    Args:
        file: The file.
        rows: The number of rows to read.
    """
    lines: list[list[str]] = []
    whole = False
    for data, whole in growing(file.stream):
        text = decoded(data)
        # One more than is shown may be cut off, and one more names the columns.
        lines = _parsed(text, _delimiter(text), rows + 2, whole)
        if len(lines) == rows + 2:
            whole = False
            break
    names, *found = lines[: rows + 1] or [[]]
    widest = max(map(len, [names, *found]))
    width = min(widest, _MOST_COLUMNS, _MOST_CELLS // (len(found) + 1))
    filled: list[tuple[str | None, ...]] = [(*row[:width], *[None] * (width - len(row))) for row in found]
    columns = [
        PreviewColumn(name, _type_of(column))
        for name, column in zip(_named(names[:width], width), _columns(filled, width), strict=True)
    ]
    return TablePreview(
        file.path,
        "CSV",
        file.size,
        tuple(columns),
        tuple(filled),
        len(found) if whole else None,
        more_columns=widest - width,
    )


def _delimiter(text: str) -> str:
    """Return the delimiter that the first line has most often.

    Example:
        >>> _delimiter("a;b;c,d"), _delimiter("a")
        (';', ',')
    """
    first = text.partition("\n")[0]
    return max(_DELIMITERS, key=first.count)


def _parsed(text: str, delimiter: str, most: int, whole: bool) -> list[list[str]]:
    """Return the first rows, without one that the end of the text may have cut off."""
    found: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if row:
                found.append(row)
            if len(found) == most:
                return found
    except csv.Error:
        # A field that is too long ends the table.
        return found
    return found if whole else found[:-1]


def _named(names: Sequence[str], width: int) -> list[str]:
    return [*names, *(f"column {place + 1}" for place in range(len(names), width))]


def _columns(rows: Sequence[Sequence[str | None]], width: int) -> Iterator[list[str]]:
    for place in range(width):
        yield [value for row in rows if (value := row[place]) and value.strip()]


def _type_of(values: Sequence[str]) -> str:
    """Guess the type of a column.

    Example:
        >>> [_type_of(values) for values in (["1", "2"], ["1", "2.5"], ["2024-01-31"], ["1", "b"], [])]
        ['integer', 'number', 'date', 'text', 'text']
    """
    for name, parse in (("integer", int), ("number", float), ("date", _date)):
        with suppress(ValueError):
            for value in values:
                parse(value)
            return name if values else "text"
    return "text"


def _date(value: str) -> date:
    # Also of a time, which begins with its day.
    if len(value) < len("2024-01-31"):
        raise ValueError(value)
    return date.fromisoformat(value[:10])
