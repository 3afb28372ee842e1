"""Prepared lists, and both kinds of results to read them with."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from provena_sdk.paging import AsyncResults, Page, Results

T = TypeVar("T")


class Book:
    """A list in pages: each entry is what fetching that page does."""

    def __init__(self, pages: list[tuple[list[Any], Any] | Exception]) -> None:
        self.pages = pages
        self.keys: list[Any] = []
        self.lock = threading.Lock()

    def fetch(self, key: Any) -> Page[Any]:
        with self.lock:
            self.keys.append(key)
            page = self.pages.pop(0)
        if isinstance(page, Exception):
            raise page
        return Page(page[0], page[1])


class Reader:
    """One face's results over a book, read from outside of any event loop."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(
        self, book: Book, work: Callable[[Any], AsyncIterator[Any]], total_limit: int | None = None
    ) -> list[Any]:
        """Read a book as ``work`` says, which is written once, for the awaiting face."""

        async def collect(results: Any) -> list[Any]:
            return [item async for item in work(results)]

        if self.name == "async":

            async def main() -> list[Any]:
                async def fetch(key: Any) -> Page[Any]:
                    await asyncio.sleep(0)
                    return book.fetch(key)

                def submit(function: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
                    return asyncio.get_running_loop().create_task(function())

                return await collect(AsyncResults(fetch, submit, total_limit=total_limit))

            return asyncio.run(main())
        with ThreadPoolExecutor(2) as threads:

            def start(function: Callable[[], T]) -> Future[T]:
                return threads.submit(function)

            return asyncio.run(collect(Awaitable(Results(book.fetch, start, total_limit=total_limit))))


class Awaitable:
    """Blocking results under the names and manners of the awaiting ones."""

    def __init__(self, results: Results[Any]) -> None:
        self.results = results

    def __aiter__(self) -> Awaitable:
        assert iter(self.results) is self.results
        return self

    async def __anext__(self) -> Any:
        try:
            return next(self.results)
        except StopIteration:
            raise StopAsyncIteration from None

    async def pages(self) -> AsyncIterator[list[Any]]:
        for page in self.results.pages():
            yield page

    async def first(self) -> Any:
        return self.results.first()

    async def to_pandas(self) -> Any:
        return self.results.to_pandas()

    async def close(self) -> None:
        self.results.close()

    def __repr__(self) -> str:
        return repr(self.results)


@pytest.fixture(params=["sync", "async"])
def reader(request: pytest.FixtureRequest) -> Reader:
    """Each face in turn."""
    return Reader(request.param)


@pytest.fixture(scope="session")
def book() -> Callable[..., Book]:
    """Makes a list of prepared pages."""

    def make(*pages: tuple[list[Any], Any] | Exception) -> Book:
        return Book(list(pages))

    return make


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Threads of the test's own."""
    with ThreadPoolExecutor(2) as made:
        yield made
