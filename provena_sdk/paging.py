"""Long lists, fetched page by page while the caller works on what is already there."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from provena_sdk.errors import ProvenaError

if TYPE_CHECKING:
    from pandas import DataFrame

T = TypeVar("T")
PageKey = object
"""Whatever the service gave to ask for the next page with; it goes back as it came."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page: its items, and the key of the next page, or None at the end of the list."""

    items: list[T]
    key: PageKey | None


class VisitedKeys:
    """The keys of the pages of one list, so that pages which lead in a circle are noticed."""

    def __init__(self) -> None:
        # Of each key only a digest, so that a list of 100,000 pages takes some ten megabytes.
        self._digests: set[bytes] = set()

    def add(self, key: PageKey) -> None:
        """Note the key of the next page.

        Raises:
            ProvenaError: It was given before.
        """
        digest = blake2b(repr(key).encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if digest in self._digests:
            raise ProvenaError(
                "The service gave the same page key twice; the listing would never end.",
                hint="Report it to the deployment's operator. What was read so far is in order.",
            )
        self._digests.add(digest)


@dataclass(slots=True)
class _Position(Generic[T]):
    """How far a list was read; the rules of paging that both faces share."""

    remaining: int | None
    key: PageKey | None = None
    at_end: bool = False
    read: int = 0
    buffer: deque[T] = field(default_factory=deque)
    _visited: VisitedKeys = field(default_factory=VisitedKeys)

    def accept(self, page: Page[T]) -> None:
        """Take in the page for ``key``. Only a missing key ends a list: pages may be short, and even empty."""
        if page.key is not None:
            self._visited.add(page.key)
        items = page.items if self.remaining is None else page.items[: self.remaining]
        if self.remaining is not None:
            self.remaining -= len(items)
        self.key = page.key
        self.at_end = page.key is None or self.remaining == 0
        self.buffer.extend(items)

    def take(self) -> T:
        self.read += 1
        return self.buffer.popleft()

    def take_all(self) -> list[T]:
        items = list(self.buffer)
        self.read += len(items)
        self.buffer.clear()
        return items

    def __str__(self) -> str:
        rest = "no more to come" if self.at_end and not self.buffer else "more to come"
        return f"{self.read} read, {rest}"


class Submit(Protocol):
    """Runs a function on another thread."""

    def __call__(self, function: Callable[[], T], /) -> Future[T]:
        """Start the function and return its future."""
        ...


class AsyncSubmit(Protocol):
    """Starts a coroutine as a task."""

    def __call__(self, function: Callable[[], Coroutine[Any, Any, T]], /) -> asyncio.Task[T]:
        """Start what the function returns, and return its task."""
        ...


class Results(Iterator[T]):
    """A list of unknown length, fetched page by page; while one page is worked on, the next is on its way.

    It is read once, like any iterator. If a page cannot be fetched, the error is raised where that page would
    begin, and going on asks for the same page again: nothing is skipped. Not for use by several threads at once.

    Example:
        >>> [dataset.display_name for dataset in provena.datastore.for_all_datasets(total_limit=2)]
        ['Tides of the reef', 'Alpha reef survey']
    """

    def __init__(
        self, fetch: Callable[[PageKey | None], Page[T]], submit: Submit, *, total_limit: int | None = None
    ) -> None:
        self._fetch = fetch
        self._submit = submit
        self._position: _Position[T] = _Position(total_limit, at_end=total_limit == 0)
        self._next: Future[Page[T]] | None = None

    def __iter__(self) -> Results[T]:
        return self

    def __next__(self) -> T:
        while not self._position.buffer:
            self._turn()
        return self._position.take()

    def pages(self) -> Iterator[list[T]]:
        """Yield what is left as lists, one for each page that holds anything."""
        while True:
            try:
                while not self._position.buffer:
                    self._turn()
            except StopIteration:
                return
            yield self._position.take_all()

    def first(self) -> T | None:
        """Return the next item and stop fetching; None when there is none."""
        item = next(self, None)
        self.close()
        return item

    def to_pandas(self) -> DataFrame:
        """Read everything that is left into a table, one row an item, nested fields as ``outer.inner`` columns.

        Returns:
            The table; without rows when there is nothing left.

        Raises:
            ImportError: pandas is not installed.
        """
        return _table(list(self))

    def close(self) -> None:
        """Stop: nothing more is fetched, and iteration ends."""
        self._position.at_end = True
        self._position.buffer.clear()
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def __repr__(self) -> str:
        return f"<Results: {self._position}>"

    def _turn(self) -> None:
        position = self._position
        if position.at_end:
            raise StopIteration
        coming, self._next = self._next, None
        try:
            page = self._fetch(position.key) if coming is None else coming.result()
        except CancelledError:
            # Closing the client took the request back; asking again says so.
            page = self._fetch(position.key)
        position.accept(page)
        if not position.at_end:
            key = position.key
            self._next = self._submit(lambda: self._fetch(key))


class AsyncResults(AsyncIterator[T]):
    """A list of unknown length, fetched page by page; while one page is worked on, the next is on its way.

    It is read once, like any iterator. If a page cannot be fetched, the error is raised where that page would
    begin, and going on asks for the same page again: nothing is skipped. Not for use by several tasks at once.

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
    ) -> None:
        self._fetch = fetch
        self._submit = submit
        self._position: _Position[T] = _Position(total_limit, at_end=total_limit == 0)
        self._next: asyncio.Task[Page[T]] | None = None

    def __aiter__(self) -> AsyncResults[T]:
        return self

    async def __anext__(self) -> T:
        while not self._position.buffer:
            await self._turn()
        return self._position.take()

    async def pages(self) -> AsyncIterator[list[T]]:
        """Yield what is left as lists, one for each page that holds anything."""
        while True:
            try:
                while not self._position.buffer:
                    await self._turn()
            except StopAsyncIteration:
                return
            yield self._position.take_all()

    async def first(self) -> T | None:
        """Return the next item and stop fetching; None when there is none."""
        item = await anext(self, None)
        await self.close()
        return item

    async def to_pandas(self) -> DataFrame:
        """Read everything that is left into a table, one row an item, nested fields as ``outer.inner`` columns.

        Returns:
            The table; without rows when there is nothing left.

        Raises:
            ImportError: pandas is not installed.
        """
        return _table([item async for item in self])

    async def close(self) -> None:
        """Stop: nothing more is fetched, and iteration ends."""
        self._position.at_end = True
        self._position.buffer.clear()
        coming, self._next = self._next, None
        if coming is not None:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)

    def __repr__(self) -> str:
        return f"<AsyncResults: {self._position}>"

    async def _turn(self) -> None:
        position = self._position
        if position.at_end:
            raise StopAsyncIteration
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
            # An abandoned list must not complain that nobody looked at its last page.
            self._next.add_done_callback(lambda task: task.cancelled() or task.exception())


def _table(items: list[Any]) -> DataFrame:
    try:
        import pandas
    except ImportError as error:
        raise ImportError("to_pandas() needs pandas: install provena-sdk[pandas].") from error
    return pandas.json_normalize([item.to_dict() for item in items])
