"""A list that the async client reads page by page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol, SupportsIndex, TypeVar, overload

from provena_sdk.display.notebook import pretty
from provena_sdk.display.tables import html_section
from provena_sdk.paging.page import Page, PageKey, UnreadableItem
from provena_sdk.paging.position import Position, html_of, refuse_negative, text_of
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.views.tabular import TabularList

if TYPE_CHECKING:
    from pandas import DataFrame

T = TypeVar("T")

_NOT_BEGUN: Final = (
    "Nothing has been fetched yet: await results.head() fetches the first, await results.all() the rest."
)
_AWAITING: Final = "cannot be read without awaiting: use 'async for', or await results.all()."


class AsyncSubmit(Protocol):
    """Starts a coroutine as a task."""

    def __call__(self, function: Callable[[], Coroutine[Any, Any, T]], /) -> asyncio.Task[T]:
        """Start the coroutine that the function returns, and return its task."""
        ...


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
        self._position: Position[T] = Position(total_limit, kind)
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

    @property
    def unreadable(self) -> list[UnreadableItem]:
        """What could not be read on the pages fetched so far: handles and reasons. A warning names each, too."""
        return list(self._position.unreadable)

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
        refuse_negative(count)
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
        return text_of(*self._position.shown()) if self._is_begun() else f"{self!r}\n{_NOT_BEGUN}"

    def _repr_html_(self) -> str:
        if not self._is_begun():
            return html_section(repr(self), notes=[_NOT_BEGUN])
        return html_of(*self._position.shown())

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
