"""The SDK's tables as columns and rows of a command's output."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeVar

from provena_sdk.cli.table import Column
from provena_sdk.display.amounts import human_size

if TYPE_CHECKING:
    from provena_sdk.paging import Results
    from provena_sdk.views.tabular import Tabular, TabularList

T = TypeVar("T")
Row = Sequence[object]


def columns_of(kind: type[Tabular], *shown: str) -> tuple[Column, ...]:
    """Return the columns of a table of the SDK: those that people see, then those that only data frames have.

    Args:
        kind: The class of the table.
        shown: The columns that people see; by default, those that the table itself shows.
    """
    first = shown or kind._shown or kind._columns
    names = [*first, *(name for name in kind._columns if name not in first)]
    return tuple(
        Column(
            name,
            itemgetter(kind._columns.index(name)),
            show=in_words if name in kind._words else _SHOWS.get(name),
            id=name == kind._index,
            right=name in _NUMBERS,
            extra=name not in first,
        )
        for name in names
    )


def rows_of(items: TabularList[T]) -> Sequence[Row]:
    """Return the rows of a table of the SDK, for :func:`columns_of`."""
    return items._rows()


def paged_rows(results: Results[T]) -> Iterator[Row]:
    """Yield the rows of results, page by page as they come."""
    for page in results.pages():
        yield from page._rows()


def in_words(constant: object) -> str:
    """Return a constant of a service in words, such as ``not released``."""
    return str(constant).replace("_", " ").lower()


def _identifier(url: str) -> str:
    """Return an ORCID or a ROR without the site that resolves it."""
    return url.rpartition("/")[2] or url


_SHOWS: Final[dict[str, Callable[[Any], str]]] = {
    "orcid": _identifier,
    "ror": _identifier,
    "bytes": human_size,
}
_NUMBERS: Final = frozenset(("files", "bytes"))


def noted(rows: Iterable[T], note: Callable[[T], None]) -> Iterator[T]:
    """Yield rows, and call a function with each."""
    for row in rows:
        note(row)
        yield row
