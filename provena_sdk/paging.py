"""Iterate over long lists; the next page is fetched while the caller works on the current one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from provena_sdk.errors import ProvenaError

if TYPE_CHECKING:
    from pandas import DataFrame

T = TypeVar("T")
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
    key: PageKey | None = None
    at_end: bool = False
    read: int = 0
    buffer: deque[T] = field(default_factory=deque)
    _visited: VisitedKeys = field(default_factory=VisitedKeys)

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
        """Start the coroutine that the function returns, and return its task."""
        ...


class Results(Iterator[T]):
    """A list of unknown length, fetched page by page; the next page is fetched while the caller works on this one.

    Like any iterator it is read once. If a page cannot be fetched, the error is raised where that page would
    begin, and the next step fetches the same page again: nothing is skipped. Not for use by several threads at once.

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
        """Yield the remaining items as one list per page, without empty pages."""
        while True:
            try:
                while not self._position.buffer:
                    self._turn()
            except StopIteration:
                return
            yield self._position.take_all()

    def first(self) -> T | None:
        """Return the next item, or None, and stop fetching."""
        item = next(self, None)
        self.close()
        return item

    def to_pandas(self) -> DataFrame:
        """Read the remaining items into a table: one row per item, nested fields as ``outer.inner`` columns.

        Returns:
            The table; it has no rows if nothing is left.

        Raises:
            ImportError: pandas is not installed.
        """
        return _table(list(self))

    def close(self) -> None:
        """Stop fetching and end the iteration."""
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
            # Closing the client cancelled the request; fetching again raises the error that says so.
            page = self._fetch(position.key)
        position.accept(page)
        if not position.at_end:
            key = position.key
            self._next = self._submit(lambda: self._fetch(key))


class AsyncResults(AsyncIterator[T]):
    """A list of unknown length, fetched page by page; the next page is fetched while the caller works on this one.

    Like any iterator it is read once. If a page cannot be fetched, the error is raised where that page would
    begin, and the next step fetches the same page again: nothing is skipped. Not for use by several tasks at once.

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
        """Yield the remaining items as one list per page, without empty pages."""
        while True:
            try:
                while not self._position.buffer:
                    await self._turn()
            except StopAsyncIteration:
                return
            yield self._position.take_all()

    async def first(self) -> T | None:
        """Return the next item, or None, and stop fetching."""
        item = await anext(self, None)
        await self.close()
        return item

    async def to_pandas(self) -> DataFrame:
        """Read the remaining items into a table: one row per item, nested fields as ``outer.inner`` columns.

        Returns:
            The table; it has no rows if nothing is left.

        Raises:
            ImportError: pandas is not installed.
        """
        return _table([item async for item in self])

    async def close(self) -> None:
        """Stop fetching and end the iteration."""
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
            # asyncio warns about errors that nobody retrieved; for a list that was dropped that is noise.
            self._next.add_done_callback(lambda task: task.cancelled() or task.exception())


def _table(items: list[Any]) -> DataFrame:
    try:
        import pandas  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise ImportError("to_pandas() needs pandas: install provena-sdk[pandas].") from error
    rows = [item.to_dict() if hasattr(item, "to_dict") else asdict(item) for item in items]
    return pandas.json_normalize(rows)
