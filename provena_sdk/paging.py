"""Iterate over long lists; the next page is fetched while the caller works on the current one."""

from __future__ import annotations

import asyncio
import operator
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, Protocol, SupportsIndex, TypeVar, overload

from provena_sdk.display.notebook import pretty
from provena_sdk.display.tables import html_section
from provena_sdk.errors import InvalidArgument, ProvenaError
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.views.tabular import TabularList

if TYPE_CHECKING:
    from pandas import DataFrame

T = TypeVar("T")
KEPT: Final = 100
"""The number of first items that stay at hand after they have been read."""

_SHOWN: Final = 10
# Pages may be empty: showing the first rows must not turn into reading everything.
_PAGES_TO_SHOW: Final = 5
_NOT_BEGUN: Final = (
    "Nothing has been fetched yet: await results.head() fetches the first, await results.all() the rest."
)
_AWAITING: Final = "cannot be read without awaiting: use 'async for', or await results.all()."

PageKey = object
"""The service's key for the next page, sent back unchanged."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page: its items, and the key of the next page, or None on the last page."""

    items: list[T]
    key: PageKey | None


class VisitedKeys:
    """The page keys seen in one listing, to detect pages that lead in a circle."""

    def __init__(self) -> None:
        # Digests only, so that 100,000 pages take about 10 MB.
        self._digests: set[bytes] = set()

    def add(self, key: PageKey) -> None:
        """Add the key of the next page.

        Raises:
            ProvenaError: The service gave this key before.
        """
        digest = blake2b(repr(key).encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if digest in self._digests:
            raise ProvenaError(
                "The service gave the same page key twice; the listing would never end.",
                hint="Report it to the deployment's operator. The results read so far are valid.",
            )
        self._digests.add(digest)


@dataclass(slots=True)
class _Position(Generic[T]):
    """The position in a list; the paging rules that both clients share."""

    remaining: int | None
    kind: type[TabularList[T]] = TabularList
    key: PageKey | None = None
    at_end: bool = False
    read: int = 0
    buffer: deque[T] = field(default_factory=deque)
    total: int | None = None
    first: list[T] = field(default_factory=list)
    _visited: VisitedKeys = field(default_factory=VisitedKeys)

    def __post_init__(self) -> None:
        if self.remaining == 0:
            self.at_end, self.total = True, 0

    @property
    def count(self) -> int:
        """The number of items fetched so far; once closed, of those that are kept."""
        return max(self.read + len(self.buffer), len(self.first))

    def accept(self, page: Page[T]) -> None:
        """Add the page for ``key``. Only a missing key ends a list: pages may be short, even empty."""
        if page.key is not None:
            self._visited.add(page.key)
        items = page.items if self.remaining is None else page.items[: self.remaining]
        if self.remaining is not None:
            self.remaining -= len(items)
        self.key = page.key
        self.at_end = page.key is None or self.remaining == 0
        self.buffer.extend(items)
        self.first += items[: KEPT - len(self.first)]
        if self.at_end:
            self.total = self.count

    def take(self) -> T:
        self.read += 1
        return self.buffer.popleft()

    def take_all(self) -> TabularList[T]:
        items = self.kind(self.buffer)
        self.read += len(items)
        self.buffer.clear()
        return items

    def close(self) -> None:
        self.at_end = True
        self.buffer.clear()

    def length(self) -> int:
        if self.total is None:
            plural = self.kind.noun[1]
            raise TypeError(
                f"The number of {plural} is known only once all have been fetched; len(results.all()) counts them."
            )
        return self.total

    def needed(self, index: SupportsIndex | slice) -> int | None:
        """Return how many items must be fetched for an index or a slice; None for all.

        Raises:
            IndexError: It counts from the end, and the results were closed before the end was reached.
        """
        if isinstance(index, slice):
            is_forward = index.stop is not None and min(index.start or 0, index.stop, index.step or 1) >= 0
            end = index.stop if is_forward else None
        else:
            place = operator.index(index)
            end = None if place < 0 else place + 1
        if end is None and self.at_end and self.count != self.total:
            raise IndexError(
                f"The results were closed before the last of the {self.kind.noun[1]} was fetched."
            )
        return end

    def item(self, index: SupportsIndex) -> T:
        place = operator.index(index)
        return self._at(place + self.count if place < 0 else place)

    def items(self, index: slice) -> TabularList[T]:
        unread = list(self.buffer)  # a deque is slow in the middle
        return self.kind(
            unread[place - self.read] if 0 <= place - self.read < len(unread) else self._at(place)
            for place in range(*index.indices(self.count))
        )

    def _at(self, place: int) -> T:
        singular, plural = self.kind.noun
        if 0 <= place < len(self.first):
            return self.first[place]
        if self.read <= place < self.count:
            return self.buffer[place - self.read]
        if 0 <= place < self.read:
            raise IndexError(
                f"{singular.capitalize()} {place} has been read, and only the first {KEPT} are kept. "
                f"List them again, and keep what all() returns."
            )
        fetched = "" if self.total is not None else " fetched"
        raise IndexError(f"There is no {singular} {place}: {self.count:,} {plural}{fetched}.")

    def shown(self) -> tuple[TabularList[T], str]:
        """Return the first items, and a line about the others, which is empty when there are none."""
        rows = self.kind(self.first[:_SHOWN])
        if self.total is None:
            return rows, "… more" if not self.at_end else ""
        return rows, f"… {self.total - len(rows):,} more" if self.total > len(rows) else ""

    def __str__(self) -> str:
        rest = "no more to come" if self.at_end and not self.buffer else "more to come"
        return f"{self.read} read, {rest}"

    def named(self, name: str) -> str:
        """Return the repr of results."""
        plural = self.kind.noun[1]
        return f"<{name}: {self}>" if plural == "items" else f"<{name} of {plural}: {self}>"


def _refuse_negative(count: int) -> None:
    if count < 0:
        raise InvalidArgument("count", f"must be at least 0, not {count}.")


def _text(rows: TabularList[Any], *lines: str) -> str:
    return "\n".join(filter(None, (str(rows) if rows else f"no {rows.noun[1]}", *lines)))


def _html(rows: TabularList[Any], *lines: str) -> str:
    shown = rows._html() if rows else None
    return html_section("" if rows else f"no {rows.noun[1]}", shown, notes=filter(None, lines))


class Submit(Protocol):
    """Runs a function on another thread."""

    def __call__(self, function: Callable[[], T], /) -> Future[T]:
        """Start the function and return its future."""
        ...


class AsyncSubmit(Protocol):
    """Starts a coroutine as a task."""

    def __call__(self, function: Callable[[], Coroutine[Any, Any, T]], /) -> asyncio.Task[T]:
        """Start the coroutine that the function returns, and return its task."""
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
        self._position: _Position[T] = _Position(total_limit, kind)
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
        _refuse_negative(count)
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
        return _text(*self._showing())

    def _repr_html_(self) -> str:
        return _html(*self._showing())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    def _showing(self) -> tuple[TabularList[T], str, str]:
        """Fetch the first rows, and return them with a line about the rest, and one about a failure."""
        failure = ""
        try:
            for _ in range(_PAGES_TO_SHOW):
                if self._position.count >= _SHOWN or not self._turn():
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


@short_tracebacks
class AsyncResults(AsyncIterator[T]):
    """A list of unknown length, fetched page by page; the next page is fetched while the caller works on this one.

    Like any iterator it is read once. ``await results.head(20)`` fetches the first items and reads nothing: iterating
    still gives them. ``results[0]`` and slices count from the beginning, and take what has been fetched; only the first
    hundred items are kept after they have been read. ``str(results)`` and notebooks show what has been fetched.

    If a page cannot be fetched, the error is raised where that page would begin, and the next step fetches the same
    page again: nothing is skipped. Not for use by several tasks at once.

    Example:
        >>> [dataset.display_name async for dataset in provena.datastore.for_all_datasets(total_limit=2)]
        ['Tides of the reef', 'Alpha reef survey']
    """

    def __init__(
        self,
        fetch: Callable[[PageKey | None], Coroutine[Any, Any, Page[T]]],
        submit: AsyncSubmit,
        *,
        total_limit: int | None = None,
        kind: type[TabularList[T]] = TabularList,
    ) -> None:
        self._fetch = fetch
        self._submit = submit
        self._position: _Position[T] = _Position(total_limit, kind)
        self._next: asyncio.Task[Page[T]] | None = None

    def __aiter__(self) -> AsyncResults[T]:
        return self

    def __iter__(self) -> NoReturn:
        # Without it Python would count up indices until the IndexError of what has not been fetched.
        raise TypeError(f"{type(self).__name__} {_AWAITING}")

    def __contains__(self, item: object) -> NoReturn:
        raise TypeError(f"{type(self).__name__} {_AWAITING}")

    async def __anext__(self) -> T:
        while not self._position.buffer:
            if not await self._turn():
                raise StopAsyncIteration
        return self._position.take()

    def __len__(self) -> int:
        return self._position.length()

    def __bool__(self) -> bool:
        position = self._position
        if position.count == 0 and position.total is None:
            raise TypeError(
                f"Whether there are any {position.kind.noun[1]} is known only once a page has been fetched; "
                "await results.head(1) fetches it."
            )
        return position.count > 0

    @overload
    def __getitem__(self, index: SupportsIndex) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> TabularList[T]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> T | TabularList[T]:
        position = self._position
        needed = position.needed(index)
        if not position.at_end and (needed is None or needed > position.count):
            more = (
                "results.all() reads the rest" if needed is None else f"results.head({needed}) fetches more"
            )
            raise IndexError(
                f"Only {position.count:,} {position.kind.noun[1]} have been fetched; await {more}."
            )
        return position.items(index) if isinstance(index, slice) else position.item(index)

    async def pages(self) -> AsyncIterator[TabularList[T]]:
        """Yield the remaining items as one list per page, without empty pages."""
        while True:
            while not self._position.buffer:
                if not await self._turn():
                    return
            yield self._position.take_all()

    async def first(self) -> T | None:
        """Return the next item, or None, and stop fetching."""
        item = await anext(self, None)
        await self.close()
        return item

    async def head(self, count: int = 10) -> TabularList[T]:
        """Return the first items without reading them: iterating still gives them.

        Args:
            count: The most items to return. Those after the first hundred must not have been read.

        Raises:
            InvalidArgument: The count is negative.

        Example:
            >>> [dataset.display_name for dataset in await provena.datastore.for_all_datasets().head(1)]
            ['Tides of the reef']
        """
        _refuse_negative(count)
        while self._position.count < count:
            if not await self._turn():
                break
        return self._position.items(slice(count))

    async def all(self) -> TabularList[T]:
        """Read the remaining items into a list, which prints as a table."""
        return self._position.kind([item async for item in self])

    async def to_pandas(self, *, full: bool = False) -> DataFrame:
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
        return (await self.all()).to_pandas(full=full)

    async def close(self) -> None:
        """Stop fetching and end the iteration."""
        self._position.close()
        coming, self._next = self._next, None
        if coming is not None:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)

    def __repr__(self) -> str:
        return self._position.named("AsyncResults")

    def __str__(self) -> str:
        return _text(*self._position.shown()) if self._is_begun() else f"{self!r}\n{_NOT_BEGUN}"

    def _repr_html_(self) -> str:
        if not self._is_begun():
            return html_section(repr(self), notes=[_NOT_BEGUN])
        return _html(*self._position.shown())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    def _is_begun(self) -> bool:
        return self._position.count > 0 or self._position.total is not None

    async def _turn(self) -> bool:
        """Fetch the next page, unless there is none."""
        position = self._position
        if position.at_end:
            return False
        coming, self._next = self._next, None
        try:
            page = await self._fetch(position.key) if coming is None else await coming
        except asyncio.CancelledError:
            if coming is not None:
                coming.cancel()
            raise
        position.accept(page)
        if not position.at_end:
            key = position.key
            self._next = self._submit(lambda: self._fetch(key))
            # asyncio warns about errors that nobody retrieved; for a list that was dropped that is noise.
            self._next.add_done_callback(lambda task: task.cancelled() or task.exception())
        return True
