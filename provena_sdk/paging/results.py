"""A list that the sync client reads page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any, Final, Protocol, SupportsIndex, TypeVar, overload

from provena_sdk.display.notebook import pretty
from provena_sdk.errors import ProvenaError
from provena_sdk.paging.page import Page, PageKey, UnreadableItem
from provena_sdk.paging.position import SHOWN, Position, html_of, refuse_negative, text_of
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.views.tabular import TabularList

if TYPE_CHECKING:
    from pandas import DataFrame

T = TypeVar("T")

# Pages may be empty: showing the first rows must not turn into reading everything.
_PAGES_TO_SHOW: Final = 5


class Submit(Protocol):
    """Runs a function on another thread."""

    def __call__(self, function: Callable[[], T], /) -> Future[T]:
        """Start the function and return its future."""
        ...


@short_tracebacks
class Results(Iterator[T]):
    """A list of unknown length, fetched page by page; the next page is fetched while the caller works on this one.

    Like any iterator it is read once. ``results[0]`` and slices count from the beginning, fetch what they need and
    read nothing: iterating still gives every item. What has been read is kept only of the first hundred items.
    ``len(results)`` counts all items, also those that have been read, once the last page has been fetched.
    ``str(results)`` and notebooks show the first rows, which are fetched for it.

    If a page cannot be fetched, the error is raised where that page would begin, and the next step fetches the same
    page again: nothing is skipped. Not for use by several threads at once.

    Example:
        >>> results = provena.datastore.for_all_datasets(total_limit=2)
        >>> results
        <Results of datasets: 0 read, more to come>
        >>> results[0].display_name, len(results)
        ('Tides of the reef', 2)
        >>> [dataset.display_name for dataset in results]
        ['Tides of the reef', 'Alpha reef survey']
    """

    def __init__(
        self,
        fetch: Callable[[PageKey | None], Page[T]],
        submit: Submit,
        *,
        total_limit: int | None = None,
        kind: type[TabularList[T]] = TabularList,
    ) -> None:
        self._fetch = fetch
        self._submit = submit
        self._position: Position[T] = Position(total_limit, kind)
        self._next: Future[Page[T]] | None = None

    def __iter__(self) -> Results[T]:
        return self

    def __next__(self) -> T:
        while not self._position.buffer:
            if not self._turn():
                raise StopIteration
        return self._position.take()

    def __len__(self) -> int:
        return self._position.length()

    def __bool__(self) -> bool:
        self._fetch_ahead(1)
        return self._position.count > 0

    @overload
    def __getitem__(self, index: SupportsIndex) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> TabularList[T]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> T | TabularList[T]:
        self._fetch_ahead(self._position.needed(index))
        return self._position.items(index) if isinstance(index, slice) else self._position.item(index)

    @property
    def unreadable(self) -> list[UnreadableItem]:
        """What could not be read on the pages fetched so far: handles and reasons. A warning names each, too."""
        return list(self._position.unreadable)

    def pages(self) -> Iterator[TabularList[T]]:
        """Yield the remaining items as one list per page, without empty pages."""
        while True:
            while not self._position.buffer:
                if not self._turn():
                    return
            yield self._position.take_all()

    def first(self) -> T | None:
        """Return the next item, or None, and stop fetching."""
        item = next(self, None)
        self.close()
        return item

    def head(self, count: int = 10) -> TabularList[T]:
        """Return the first items without reading them: iterating still gives them.

        Args:
            count: The most items to return. Those after the first hundred must not have been read.

        Raises:
            InvalidArgument: The count is negative.

        Example:
            >>> [dataset.display_name for dataset in provena.datastore.for_all_datasets().head(1)]
            ['Tides of the reef']
        """
        refuse_negative(count)
        self._fetch_ahead(count)
        return self._position.items(slice(count))

    def all(self) -> TabularList[T]:
        """Read the remaining items into a list, which prints as a table."""
        return self._position.kind(self)

    def to_pandas(self, *, full: bool = False) -> DataFrame:
        """Read the remaining items into a data frame, with a row for each.

        Args:
            full: False for chosen columns with real dates; True for every field, nested ones as ``outer.inner``, as
                the services send them.

        Returns:
            The data frame, whose index are the handles of items or the paths of files; it has no rows if nothing is
            left.

        Raises:
            ImportError: pandas is not installed.
        """
        return self.all().to_pandas(full=full)

    def close(self) -> None:
        """Stop fetching and end the iteration."""
        self._position.close()
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def __repr__(self) -> str:
        return self._position.named("Results")

    def __str__(self) -> str:
        return text_of(*self._showing())

    def _repr_html_(self) -> str:
        return html_of(*self._showing())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    def _showing(self) -> tuple[TabularList[T], str, str, str]:
        """Fetch the first rows, and return them as ``shown`` does, with a line about a failure."""
        failure = ""
        try:
            for _ in range(_PAGES_TO_SHOW):
                if self._position.count >= SHOWN or not self._turn():
                    break
        except ProvenaError as error:
            failure = f"The next page could not be fetched: {error.message}"
        return *self._position.shown(), failure

    def _fetch_ahead(self, count: int | None) -> None:
        """Fetch until so many items have been fetched, or all."""
        while count is None or self._position.count < count:
            if not self._turn():
                return

    def _turn(self) -> bool:
        """Fetch the next page, unless there is none."""
        position = self._position
        if position.at_end:
            return False
        coming, self._next = self._next, None
        try:
            page = self._fetch(position.key) if coming is None else coming.result()
        except CancelledError:
            # Closing the client cancelled the request; fetching again raises the error that says so.
            page = self._fetch(position.key)
        position.accept(page)
        if not position.at_end:
            key = position.key
            self._next = self._submit(lambda: self._fetch(key))
        return True
