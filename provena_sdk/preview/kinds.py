"""The kinds of previews, and how they show themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final, NamedTuple

from provena_sdk.display.amounts import human_size
from provena_sdk.display.html import Html, element
from provena_sdk.display.notebook import pretty
from provena_sdk.display.tables import html_section, html_table, table
from provena_sdk.display.text import printable, printable_lines, quoted
from provena_sdk.preview.values import plain, shown

_SIDE_BY_SIDE: Final = 8
"""A table of more columns shows a line for each column."""

_VALUES: Final = 5
_CELL: Final = 50
_LINES: Final = 20_000
"""Most characters of a text to show."""


@dataclass(frozen=True, slots=True, repr=False)
class Preview:
    """What is in a file, as ``dataset.preview(path)`` returns it. Printing it shows it.

    It is a :class:`TablePreview`, an :class:`ArrayPreview` or a :class:`TextPreview`.

    Args:
        path: The file's path within the dataset.
        format: Its format: ``CSV``, ``Parquet``, ``netCDF``, ``HDF5``, ``Zarr``, ``text``, another such as ``TIFF``, or
            ``binary``.
        size: Its size in bytes; None for a folder, as of Zarr.
    """

    path: str
    format: str
    size: int | None

    def to_dict(self) -> dict[str, Any]:
        """Return everything as dictionaries, lists, text and numbers, for JSON."""
        return {"path": self.path, "format": self.format, "size": self.size, **self._contents()}

    def _contents(self) -> dict[str, Any]:
        return {}

    def _facts(self) -> Sequence[str]:
        """Return what follows format and size in the first line."""
        return ()

    def _tables(self) -> Sequence[tuple[Sequence[str], Sequence[Sequence[object]]]]:
        """Return the columns and rows of each table to show."""
        return ()

    def _headline(self) -> str:
        size = [] if self.size is None else [human_size(self.size)]
        return f"{quoted(self.path)}: {', '.join([self.format, *size, *self._facts()])}"

    def __str__(self) -> str:
        tables = [table(columns, rows, cell_limit=_CELL) for columns, rows in self._tables()]
        return "\n".join([self._headline(), *tables])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {quoted(self.path, 120)}, {printable(self.format, 20)}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    def _repr_html_(self) -> str:
        tables = [html_table(columns, rows, cell_limit=_CELL) for columns, rows in self._tables()]
        return html_section(self._headline(), *tables)


class PreviewColumn(NamedTuple):
    """A column of a table.

    Attributes:
        name: Its name.
        type: Its type: of CSV ``integer``, ``number``, ``date`` or ``text``, guessed from the first rows; else as the
            file gives it.
    """

    name: str
    type: str

    def __repr__(self) -> str:
        return f"<PreviewColumn {quoted(self.name, 80)}, {printable(self.type, 80)}>"


@dataclass(frozen=True, slots=True, repr=False)
class TablePreview(Preview):
    """The columns and the first rows of a table.

    Args:
        path: The file's path within the dataset.
        format: ``CSV`` or ``Parquet``.
        size: Its size in bytes.
        columns: The columns: all, but for CSV of very many.
        rows: The first rows, with text as values for CSV; of Parquet, without the last columns if they are large,
            and with the beginning of a very long text.
        row_count: The number of all rows; None where only reading the whole file would show it.
        more_columns: How many columns follow those of ``columns``.
    """

    columns: tuple[PreviewColumn, ...] = ()
    rows: tuple[tuple[object, ...], ...] = ()
    row_count: int | None = None
    more_columns: int = 0

    def _contents(self) -> dict[str, Any]:
        return {
            "row_count": self.row_count,
            "columns": [column._asdict() for column in self.columns],
            "more_columns": self.more_columns,
            "rows": [
                [_typed(value, column.type) for value, column in zip(row, self.columns, strict=False)]
                for row in plain(self.rows)
            ],
        }

    def _facts(self) -> Sequence[str]:
        columns = f"{len(self.columns):,} column{'s' * (len(self.columns) != 1)}"
        if self.more_columns:
            columns += f" and {self.more_columns:,} more"
        if self.row_count is None:
            return (columns,)
        return columns, f"{self.row_count:,} row{'s' * (self.row_count != 1)}"

    def _tables(self) -> Sequence[tuple[Sequence[str], Sequence[Sequence[object]]]]:
        if len(self.columns) <= _SIDE_BY_SIDE:
            names = [printable(column.name, _CELL) for column in self.columns]
            types = [f"({column.type})" for column in self.columns]
            first = [[shown(value) for value in row] for row in self.rows]
            # Of Parquet, large columns have no values here.
            return [(names, [types, *([*row, *[""] * (len(names) - len(row))] for row in first)])]
        first = [[shown(value) for value in row] for row in self.rows[:_VALUES]]
        rows = [
            (column.name, column.type, ", ".join(row[place] for row in first if place < len(row)))
            for place, column in enumerate(self.columns)
        ]
        return [(("column", "type", "first values"), rows)]


def _typed(value: object, kind: str) -> object:
    """Return the text of a number of CSV as a number, for JSON."""
    if isinstance(value, str) and kind in {"integer", "number"}:
        with suppress(ValueError):
            return plain(int(value) if kind == "integer" else float(value))
    return value


@dataclass(frozen=True, slots=True, repr=False)
class PreviewVariable:
    """A variable of netCDF, or an array of Zarr or HDF5.

    Args:
        name: Its name, with the groups above it, as in ``ocean/temperature``.
        type: The type of its values, such as ``float32``.
        dimensions: The names of its dimensions; empty where the file names none.
        shape: Its length along each dimension.
        attributes: Its attributes, such as ``units``.
    """

    name: str
    type: str
    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    attributes: Mapping[str, object] = field(default_factory=dict)

    @property
    def extent(self) -> str:
        """The dimensions and their lengths, such as ``time 365, lat 180``."""
        if len(self.dimensions) != len(self.shape):
            return ", ".join(map(str, self.shape))
        return ", ".join(
            f"{printable(name, 40)} {length}"
            for name, length in zip(self.dimensions, self.shape, strict=True)
        )

    def __repr__(self) -> str:
        return f"<PreviewVariable {quoted(self.name, 80)}, {printable(self.extent, 80)}>"


@dataclass(frozen=True, slots=True, repr=False)
class ArrayPreview(Preview):
    """The variables and the attributes of a netCDF, HDF5 or Zarr file.

    Args:
        path: The file's path within the dataset.
        format: ``netCDF``, ``HDF5`` or ``Zarr``.
        size: Its size in bytes; None for Zarr.
        variables: All variables, those of groups with the group before the name.
        attributes: The attributes of the whole file, such as ``title``.
    """

    variables: tuple[PreviewVariable, ...] = ()
    attributes: Mapping[str, object] = field(default_factory=dict)

    def _contents(self) -> dict[str, Any]:
        variables = [
            {
                "name": one.name,
                "type": one.type,
                "dimensions": list(one.dimensions),
                "shape": list(one.shape),
                "attributes": plain(one.attributes),
            }
            for one in self.variables
        ]
        return {"variables": variables, "attributes": plain(self.attributes)}

    def _facts(self) -> Sequence[str]:
        return (f"{len(self.variables):,} variable{'s' * (len(self.variables) != 1)}",)

    def _tables(self) -> Sequence[tuple[Sequence[str], Sequence[Sequence[object]]]]:
        rows = [
            (one.name, one.type, one.extent, shown(one.attributes.get("units")), shown(_long_name(one)))
            for one in self.variables
        ]
        tables: list[tuple[Sequence[str], Sequence[Sequence[object]]]] = []
        if rows:
            tables.append((("variable", "type", "dimensions", "units", "long name"), rows))
        if self.attributes:
            attributes = [(name, shown(value)) for name, value in self.attributes.items()]
            tables.append((("attribute", "value"), attributes))
        return tables


def _long_name(variable: PreviewVariable) -> object:
    return variable.attributes.get("long_name", variable.attributes.get("standard_name"))


@dataclass(frozen=True, slots=True, repr=False)
class TextPreview(Preview):
    """The first lines of a text; none of a file that is not text.

    Args:
        path: The file's path within the dataset.
        format: ``text``, the name of a format of which nothing else is shown, such as ``TIFF``, or ``binary``.
        size: Its size in bytes.
        lines: The first lines.
    """

    lines: tuple[str, ...] = ()

    def _contents(self) -> dict[str, Any]:
        return {"lines": list(self.lines)}

    def _text(self) -> str:
        return printable_lines("\n".join(self.lines), _LINES)

    def __str__(self) -> str:
        return "\n".join([self._headline(), *([self._text()] if self.lines else [])])

    def _repr_html_(self) -> str:
        text = [element("pre", Html(escape(self._text())))] if self.lines else []
        return html_section(self._headline(), *text)
