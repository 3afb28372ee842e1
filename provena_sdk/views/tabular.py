"""Base classes of results that show themselves as a table, and become a data frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, SupportsIndex, TypeVar, overload

from provena_sdk.display.html import Html, link
from provena_sdk.display.notebook import pretty
from provena_sdk.display.tables import CELL_LIMIT, MOST_ROWS, html_section, html_table, table
from provena_sdk.views.frames import ColumnType, frame, full_frame
from provena_sdk.views.handles import handle_url

if TYPE_CHECKING:
    from pandas import DataFrame

T = TypeVar("T")

_HANDLES: Final = frozenset(("dataset", "handle", "reviewer"))
"""The columns that have handles, by their names; they are links in HTML."""


class Tabular:
    """Base class of results that print as a table, below a line of title and above notes if they have any."""

    __slots__ = ()
    _columns: ClassVar[tuple[str, ...]] = ()
    """The columns of the data frame."""
    _shown: ClassVar[tuple[str, ...]] = ()
    """The columns of the table; all of them when empty."""
    _index: ClassVar[str | None] = None
    """The column that is the index of the data frame."""
    _types: ClassVar[Mapping[str, ColumnType]] = {}
    """The columns of dates and times."""
    _words: ClassVar[tuple[str, ...]] = ()
    """The columns whose constants, such as ``NOT_RELEASED``, the table shows in words."""
    _cell_limit: ClassVar[int] = CELL_LIMIT
    """Most characters of a cell in the table."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # IPython looks from class to class for a method of its own, and stops at the first that has a repr.
        if "_repr_pretty_" not in vars(cls):
            cls._repr_pretty_ = cls._repr_pretty_  # type: ignore[method-assign]

    def _rows(self) -> Sequence[Sequence[object]]:
        raise NotImplementedError

    def _title(self) -> str:
        """Return the line above the table; external text in it must already be printable."""
        return ""

    def _notes(self) -> Sequence[str]:
        """Return the lines below the table; external text in them must already be printable."""
        return ()

    def _first_rows(self) -> tuple[Sequence[Sequence[object]], int]:
        """Return the rows to show, and the number of all rows."""
        rows = self._rows()
        return rows[:MOST_ROWS], len(rows)

    def to_pandas(self, *, full: bool = False) -> DataFrame:
        """Return the rows as a data frame, with real dates.

        Args:
            full: True for every field instead of chosen columns, where there are more.

        Raises:
            ImportError: pandas is not installed.
        """
        return frame(self._rows(), self._columns, self._index, self._types)

    def __str__(self) -> str:
        columns, rows, count = self._cells()
        title = self._title()
        shown = table(columns, rows, count, self._cell_limit) if rows or not title else ""
        return "\n".join(filter(None, (title, shown, *self._notes())))

    def _repr_html_(self) -> str:
        return html_section(self._title(), self._html(), notes=self._notes())

    def _html(self) -> Html | None:
        """Return the table in HTML."""
        columns, rows, count = self._cells()
        if not rows and self._title():
            return None
        linked = [name in _HANDLES for name in columns]
        cells = [
            [_link(value) if is_handle else value for value, is_handle in zip(row, linked, strict=True)]
            for row in rows
        ]
        return html_table(columns, cells, count, self._cell_limit)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    def _cells(self) -> tuple[Sequence[str], Sequence[Sequence[object]], int]:
        rows, count = self._first_rows()
        shown = self._shown or self._columns
        places = [(self._columns.index(name), name in self._words) for name in shown]
        cells = [[in_words(row[place]) if words else row[place] for place, words in places] for row in rows]
        return shown, cells, count


def _link(handle: object) -> object:
    url = handle_url(handle) if isinstance(handle, str) else None
    return handle if url is None else link(url, handle)


def in_words(constant: object) -> str | None:
    """Return a constant such as ``NOT_RELEASED`` in words; None stays None."""
    return None if constant is None else str(constant).replace("_", " ").lower()


class TabularList(Tabular, list[T]):
    """Base class of lists that print as a table. The repr says how many items there are, and a slice shows itself, too.

    Attributes:
        noun: What one item is called, and what several are called.
    """

    __slots__ = ()
    noun: ClassVar[tuple[str, str]] = ("item", "items")

    def _rows(self) -> Sequence[Sequence[object]]:
        return [(item,) for item in self]

    def _first_rows(self) -> tuple[Sequence[Sequence[object]], int]:
        return self[:MOST_ROWS]._rows(), len(self)

    def to_pandas(self, *, full: bool = False) -> DataFrame:
        """Return a data frame with a row for each item.

        Args:
            full: False for a dozen chosen columns with real dates; True for every field, nested ones as
                ``outer.inner``, with dates and times as services send them.

        Raises:
            ImportError: pandas is not installed.
        """
        if not full and self._columns:
            return super().to_pandas()
        place = self._columns.index(self._index) if self._index else 0
        return full_frame(self, self._index, [row[place] for row in self._rows()])

    def _cells(self) -> tuple[Sequence[str], Sequence[Sequence[object]], int]:
        if self._columns:
            return super()._cells()
        rows, count = self._first_rows()
        return ("item",), rows, count

    @overload
    def __getitem__(self, index: SupportsIndex) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: SupportsIndex | slice) -> T | Self:
        if not isinstance(index, slice):
            return super().__getitem__(index)
        part = type(self).__new__(type(self))
        part.extend(super().__getitem__(index))
        if hasattr(self, "__dict__"):
            # What a subclass knows besides its items, such as whose history it is.
            vars(part).update(vars(self))
        return part

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self):,}>"
