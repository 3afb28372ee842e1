"""Long lists: what ends them, what is fetched when, and what an error leaves behind."""

from __future__ import annotations

import asyncio
import gc
import threading
import tracemalloc
import warnings
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from provena_api.models import QueryResult

from provena_sdk.errors import ClosedError, ConnectionFailed, ProvenaError
from provena_sdk.paging import AsyncResults, Page, Results
from provena_sdk.paging.position import Position

KEY = {"id": "10378.1/1", "item_subtype": "DATASET", "updated_timestamp": 1795348259}


async def every(results: Any) -> AsyncIterator[Any]:
    async for item in results:
        yield item


async def pages(results: Any) -> AsyncIterator[Any]:
    async for page in results.pages():
        yield page


def test_only_a_missing_key_ends_a_list(book: Any, reader: Any) -> None:
    made = book(([1, 2], "a"), ([], "b"), ([], "c"), ([3], "d"), ([], None))
    assert reader(made, every) == [1, 2, 3]
    assert made.keys == [None, "a", "b", "c", "d"]


@pytest.mark.parametrize("key", [0, "", {}, False])
def test_a_key_that_looks_empty_is_a_key(book: Any, reader: Any, key: Any) -> None:
    made = book(([1], key), ([2], None))
    assert reader(made, every) == [1, 2]
    assert made.keys == [None, key]


def test_an_empty_list(book: Any, reader: Any) -> None:
    assert reader(book(([], None)), every) == []
    assert reader(book(([], None)), pages) == []


def test_keys_go_back_as_they_came(book: Any, reader: Any) -> None:
    made = book(([1], KEY), ([2], None))
    reader(made, every)
    assert made.keys[1] is KEY
    assert type(made.keys[1]["updated_timestamp"]) is int


@pytest.mark.parametrize(
    ("limit", "items", "keys"),
    [
        (0, [], []),
        (1, [1], [None]),
        (2, [1, 2], [None]),
        (3, [1, 2, 3], [None, "a", "b"]),
        (4, [1, 2, 3, 4], [None, "a", "b", "c"]),
        (9, [1, 2, 3, 4], [None, "a", "b", "c"]),
    ],
)
def test_the_limit_counts_items_and_no_page_is_fetched_in_vain(
    book: Any, reader: Any, limit: int, items: list[int], keys: list[Any]
) -> None:
    made = book(([1, 2], "a"), ([], "b"), ([3], "c"), ([4], None))
    assert reader(made, every, limit) == items
    assert made.keys == keys


def test_a_page_longer_than_the_limit_is_cut(book: Any, reader: Any) -> None:
    assert reader(book((list(range(100)), "a")), pages, 3) == [[0, 1, 2]]


def test_pages_that_hold_nothing_are_left_out(book: Any, reader: Any) -> None:
    made = book(([], "a"), ([1, 2], "b"), ([], "c"), ([3], None))
    assert reader(made, pages) == [[1, 2], [3]]


def test_pages_begin_where_reading_stopped(book: Any, reader: Any) -> None:
    async def mixed(results: Any) -> AsyncIterator[Any]:
        yield await anext(results)
        async for page in results.pages():
            yield page

    assert reader(book(([1, 2, 3], "a"), ([4], None)), mixed) == [1, [2, 3], [4]]


def test_the_first_item_ends_it(book: Any, reader: Any) -> None:
    async def first(results: Any) -> AsyncIterator[Any]:
        yield await results.first()
        yield [item async for item in results]
        yield repr(results)

    made = book(([], "a"), ([1, 2], None))
    found, rest, shown = reader(made, first)
    assert (found, rest) == (1, [])
    assert shown.endswith("Results: 1 read, no more to come>")


def test_the_first_of_nothing_is_none(book: Any, reader: Any) -> None:
    async def first(results: Any) -> AsyncIterator[Any]:
        yield await results.first()

    assert reader(book(([], None)), first) == [None]


def test_an_error_comes_where_its_page_begins_and_nothing_is_skipped(book: Any, reader: Any) -> None:
    async def patient(results: Any) -> AsyncIterator[Any]:
        while True:
            try:
                yield await anext(results)
            except ConnectionFailed as error:
                yield str(error)
            except StopAsyncIteration:
                return

    broken = ConnectionFailed("broken")
    made = book(broken, ([1, 2], "a"), broken, broken, ([3], None))
    assert reader(made, patient) == ["broken", 1, 2, "broken", "broken", 3]
    assert made.keys == [None, None, "a", "a", "a"]


def test_pages_can_be_gone_on_with_after_an_error(book: Any, reader: Any) -> None:
    async def patient(results: Any) -> AsyncIterator[Any]:
        for _ in range(2):
            try:
                async for page in results.pages():
                    yield page
            except ConnectionFailed as error:
                yield str(error)

    made = book(([1], "a"), ConnectionFailed("broken"), ([2], None))
    assert reader(made, patient) == [[1], "broken", [2]]


@pytest.mark.parametrize("keys", [["a", "a"], [KEY, dict(KEY)]])
def test_a_key_that_does_not_change_is_an_error(book: Any, reader: Any, keys: list[Any]) -> None:
    made = book(([1], keys[0]), ([2], keys[1]), ([2], keys[1]))
    with pytest.raises(ProvenaError, match="never end"):
        reader(made, every)
    assert len(made.keys) == 2


@pytest.mark.parametrize("circle", [["a", "b"], ["a", "b", "c", "d"], [KEY, {**KEY, "id": "10378.1/2"}]])
def test_pages_that_lead_in_a_circle_are_an_error(book: Any, reader: Any, circle: list[Any]) -> None:
    made = book(*[([], key) for key in ["first", *circle * 3]])
    with pytest.raises(ProvenaError, match="never end"):
        reader(made, every)
    assert len(made.keys) == len(circle) + 2


@pytest.mark.slow
def test_many_pages_take_little_memory() -> None:
    """A position that remembers all the keys of 100,000 pages, each as long as the service's own."""
    position: Position[Any] = Position(None)
    tracemalloc.start()
    try:
        for number in range(100_000):
            position.accept(Page([], {**KEY, "id": f"10378.1/{number}"}))
        assert tracemalloc.get_traced_memory()[0] < 16_000_000
    finally:
        tracemalloc.stop()


def test_a_closed_list_ends(book: Any, reader: Any) -> None:
    async def closing(results: Any) -> AsyncIterator[Any]:
        yield await anext(results)
        await results.close()
        await results.close()
        async for item in results:
            yield item

    assert reader(book(([1, 2], "a"), ([3], None)), closing) == [1]


def test_a_table(book: Any, reader: Any) -> None:
    async def table(results: Any) -> AsyncIterator[Any]:
        yield await results.to_pandas()

    rows = [QueryResult(id="a", score=1.5), QueryResult(id="b", score=1.0)]
    made = reader(book((rows[:1], "k"), (rows[1:], None)), table)[0]
    assert list(made.columns) == ["id", "score"]
    assert made.to_numpy().tolist() == [["a", 1.5], ["b", 1.0]]
    assert len(reader(book(([], None)), table)[0]) == 0


def test_a_table_without_pandas_says_what_to_install(
    book: Any, reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    async def table(results: Any) -> AsyncIterator[Any]:
        yield await results.to_pandas()

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"provena-sdk\[pandas\]"):
        reader(book(([], None)), table)


def test_what_it_shows(book: Any, reader: Any) -> None:
    async def showing(results: Any) -> AsyncIterator[Any]:
        yield repr(results)
        async for _ in results:
            yield repr(results)

    shown = reader(book(([1], "a"), ([2], None)), showing)
    name = {"sync": "Results", "async": "AsyncResults"}[reader.name]
    assert shown == [
        f"<{name}: 0 read, more to come>",
        f"<{name}: 1 read, more to come>",
        f"<{name}: 2 read, no more to come>",
    ]


@given(st.lists(st.lists(st.integers(), max_size=4), min_size=1, max_size=8), st.none() | st.integers(0, 20))
def test_any_list_is_read_whole_up_to_its_limit(whole: list[list[int]], limit: int | None) -> None:
    def fetch(key: Any) -> Page[int]:
        number = 0 if key is None else key
        return Page(whole[number], None if number == len(whole) - 1 else number + 1)

    flat = [item for page in whole for item in page]
    with ThreadPoolExecutor(1) as threads:
        assert list(Results(fetch, threads.submit, total_limit=limit)) == flat[:limit]


def test_the_next_page_is_fetched_while_this_one_is_worked_on(threads: ThreadPoolExecutor) -> None:
    asked = threading.Semaphore(0)
    keys: list[Any] = []

    def fetch(key: Any) -> Page[int]:
        keys.append(key)
        asked.release()
        return Page([len(keys)], None if len(keys) == 3 else len(keys))

    results = Results(fetch, threads.submit)
    assert keys == []
    assert next(results) == 1
    assert asked.acquire(timeout=5)
    assert asked.acquire(timeout=5)
    assert keys == [None, 1]
    assert not asked.acquire(timeout=0.05), "only one page ahead"
    assert list(results) == [2, 3]


async def test_the_next_page_is_fetched_while_a_task_works_on_this_one() -> None:
    keys: list[Any] = []

    async def fetch(key: Any) -> Page[int]:
        keys.append(key)
        return Page([len(keys)], None if len(keys) == 3 else len(keys))

    results = AsyncResults(fetch, lambda function: asyncio.get_running_loop().create_task(function()))
    assert keys == []
    assert await anext(results) == 1
    await asyncio.sleep(0.01)
    assert keys == [None, 1]
    assert [item async for item in results] == [2, 3]


def test_closing_the_client_takes_a_waiting_page_back(threads: ThreadPoolExecutor) -> None:
    """The future is cancelled then, and what comes out must be an error of ours."""
    busy = threading.Event()
    for _ in range(2):
        threads.submit(busy.wait)
    closed = False

    def fetch(key: Any) -> Page[int]:
        if closed:
            raise ClosedError("This client is closed.")
        return Page([1], "a")

    results = Results(fetch, threads.submit)
    assert next(results) == 1
    threads.shutdown(wait=False, cancel_futures=True)
    closed = True
    try:
        with pytest.raises(ClosedError):
            next(results)
    finally:
        busy.set()


@pytest.mark.parametrize("failing", [False, True])
@pytest.mark.slow
async def test_an_abandoned_list_leaves_no_complaint(failing: bool) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))

    async def fetch(key: Any) -> Page[int]:
        await asyncio.sleep(0)
        if key and failing:
            raise ConnectionFailed("broken")
        return Page([1], (key or 0) + 1)

    def submit(function: Callable[[], Any]) -> Any:
        return asyncio.get_running_loop().create_task(function())

    gc.collect()  # what other tests left behind is not meant
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        async for _ in AsyncResults(fetch, submit):
            break
        for _ in range(3):
            await asyncio.sleep(0.005)
            gc.collect()
    assert complaints == []


async def test_closing_stops_the_page_on_its_way() -> None:
    stopped = asyncio.Event()

    async def fetch(key: Any) -> Page[int]:
        if key is None:
            return Page([1, 2], "a")
        try:
            await asyncio.sleep(10)
        finally:
            stopped.set()
        raise AssertionError("it was not stopped")

    results = AsyncResults(fetch, lambda function: asyncio.get_running_loop().create_task(function()))
    assert await anext(results) == 1
    await asyncio.sleep(0)
    await results.close()
    assert stopped.is_set()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_wait_that_is_given_up_can_be_taken_up_again() -> None:
    calls = 0

    async def fetch(key: Any) -> Page[int]:
        nonlocal calls
        calls += 1
        if key is None:
            return Page([1], "a")
        await asyncio.sleep(10 if calls == 2 else 0)
        return Page([2], None)

    results = AsyncResults(fetch, lambda function: asyncio.get_running_loop().create_task(function()))
    assert await anext(results) == 1
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(results), 0.05)
    assert await anext(results) == 2
    assert calls == 3
