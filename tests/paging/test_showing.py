"""Results that are indexed, counted and shown: what is fetched for it, what is kept, and what stays to be read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.errors import ConnectionFailed, InvalidArgument
from provena_sdk.paging import AsyncResults, Page, Results
from provena_sdk.paging.position import KEPT
from provena_sdk.resources.inventory import AsyncInventory
from provena_sdk.views.tabular import TabularList

T = TypeVar("T")


class Numbers(TabularList[int]):
    noun: ClassVar = ("number", "numbers")
    _columns: ClassVar = ("number", "square")
    _index: ClassVar = "number"

    def _rows(self) -> Sequence[Sequence[object]]:
        return [(number, number * number) for number in self]


def counting(length: int, size: int = 7) -> Callable[[Any], Page[int]]:
    def fetch(key: Any) -> Page[int]:
        start = key or 0
        end = min(start + size, length)
        return Page(list(range(start, end)), end if end < length else None)

    return fetch


@pytest.fixture
def of(threads: ThreadPoolExecutor) -> Callable[[int], Results[int]]:
    return lambda length: Results(counting(length), threads.submit, kind=Numbers)


def start(function: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
    return asyncio.get_running_loop().create_task(function())


def awaiting(length: int) -> AsyncResults[int]:
    async def fetch(key: Any) -> Page[int]:
        await asyncio.sleep(0)
        return counting(length)(key)

    return AsyncResults(fetch, start, kind=Numbers)


def test_an_index_reads_nothing(of: Any) -> None:
    results = of(30)
    assert (results[0], results[20], results[-1]) == (0, 20, 29)
    assert list(results) == list(range(30))
    assert (results[0], results[29], len(results)) == (0, 29, 30)


def test_a_slice_is_a_list_that_shows_itself(of: Any) -> None:
    results = of(30)
    assert type(results[3:6]) is Numbers
    assert str(results[3:5]).splitlines() == ["number  square", "3       9", "4       16"]
    assert results[-3:] == [27, 28, 29]
    assert results[25:99] == list(range(25, 30))
    assert results[::10] == [0, 10, 20]
    assert next(results) == 0


@given(st.integers(0, 40), st.slices(60), st.integers(0, 40))
def test_slices_are_those_of_a_list(length: int, wanted: slice, read: int) -> None:
    with ThreadPoolExecutor(1) as threads:
        results = Results(counting(length), threads.submit)
        for _ in range(read):
            next(results, None)
        assert results[wanted] == list(range(length))[wanted]


def test_no_more_is_fetched_than_an_index_needs(threads: ThreadPoolExecutor) -> None:
    keys: list[Any] = []

    def fetch(key: Any) -> Page[int]:
        keys.append(key)
        return counting(100)(key)

    results = Results(fetch, threads.submit)
    assert results[6] == 6
    assert results[:7] == list(range(7))
    threads.shutdown()
    assert keys == [None, 7], "the page, and the one ahead"


def test_only_the_first_items_are_kept(of: Any) -> None:
    results = of(3 * KEPT)
    for _ in range(2 * KEPT):
        next(results)
    assert results[KEPT - 1] == KEPT - 1
    assert results[2 * KEPT] == 2 * KEPT
    with pytest.raises(IndexError, match=f"Number {KEPT} has been read, and only the first {KEPT} are kept"):
        results[KEPT]
    with pytest.raises(IndexError, match=r"has been read.* List them again, and keep what all\(\) returns"):
        results[:]
    assert results[2 * KEPT :] == list(range(2 * KEPT, 3 * KEPT))


def test_a_closed_list_does_not_know_its_end(of: Any) -> None:
    results = of(30)
    assert results.first() == 0
    assert (results[0], results[:3], str(results).count("\n")) == (0, [0, 1, 2], 7)
    with pytest.raises(IndexError, match="closed before the last of the numbers was fetched"):
        results[-1]
    with pytest.raises(IndexError, match="There is no number 9: 7 numbers fetched"):
        results[9]


def test_an_index_beyond_the_end(of: Any) -> None:
    with pytest.raises(IndexError, match="There is no number 30: 30 numbers"):
        of(30)[30]
    with pytest.raises(IndexError):
        of(30)[-31]
    with pytest.raises(TypeError):
        of(30)["a"]


def test_the_length_once_it_is_known(of: Any) -> None:
    results = of(30)
    with pytest.raises(TypeError, match="known only once all have been fetched"):
        len(results)
    assert len(results.all()) == 30
    assert len(results) == 30
    assert bool(results)


@pytest.mark.parametrize("length", [0, 1])
def test_whether_there_are_any(of: Any, length: int) -> None:
    results = of(length)
    assert bool(results) is bool(length)
    assert list(results) == list(range(length))


def test_the_head_reads_nothing(of: Any) -> None:
    results = of(30)
    assert results.head(3) == [0, 1, 2]
    assert results.head(99) == list(range(30))
    assert results.first() == 0
    assert results.head(3) == [0, 1, 2], "kept when it is closed"


def test_the_first_rows_are_fetched_to_be_shown(of: Any) -> None:
    results = of(30)
    assert repr(results) == "<Results of numbers: 0 read, more to come>"
    shown = str(results).splitlines()
    assert shown[0] == "number  square"
    assert shown[10:] == ["9       81", "… more"]
    assert results._repr_html_().endswith("… more</div></div>")
    assert list(results) == list(range(30))
    assert str(results).endswith("… 20 more")
    assert str(of(3)).splitlines()[-1] == "2       4"
    assert str(of(0)) == "no numbers"
    assert "no numbers</div>" in of(0)._repr_html_()


def test_a_failure_is_shown_and_nothing_is_skipped(threads: ThreadPoolExecutor) -> None:
    failures = [ConnectionFailed("The <line> is down.")]

    def fetch(key: Any) -> Page[int]:
        if key and failures:
            raise failures.pop()
        return counting(12)(key)

    results = Results(fetch, threads.submit, kind=Numbers)
    assert str(results).splitlines()[-2:] == [
        "… more",
        "The next page could not be fetched: The <line> is down.",
    ]
    assert list(results) == list(range(12))
    failures.append(ConnectionFailed("The <line> is down."))
    assert "The &lt;line&gt; is down." in Results(fetch, threads.submit)._repr_html_()


def test_showing_does_not_follow_empty_pages_without_end(threads: ThreadPoolExecutor) -> None:
    results: Results[int] = Results(lambda key: Page([], (key, 1)), threads.submit)
    assert str(results) == "no items\n… more"


async def test_the_async_client_shows_what_has_been_fetched() -> None:
    results = awaiting(30)
    assert str(results).startswith(
        "<AsyncResults of numbers: 0 read, more to come>\nNothing has been fetched yet"
    )
    assert "Nothing has been fetched yet" in results._repr_html_()
    with pytest.raises(IndexError, match=r"Only 0 numbers have been fetched; await results.head\(1\)"):
        results[0]
    with pytest.raises(TypeError, match=r"await results\.head"):
        bool(results)
    assert await results.head(3) == [0, 1, 2]
    assert (bool(results), results[6], results[1:3]) == (True, 6, [1, 2])
    assert str(results).splitlines()[-1] == "… more"
    with pytest.raises(IndexError, match=r"results.all\(\)"):
        results[-1]
    assert await results.all() == list(range(30))
    assert (len(results), results[-1:], str(results).splitlines()[-1]) == (30, [29], "… 20 more")


async def test_an_empty_list_of_the_async_client() -> None:
    results = awaiting(0)
    assert await results.head() == []
    assert (bool(results), len(results), str(results)) == (False, 0, "no numbers")


def test_a_data_frame_has_the_chosen_columns(of: Any) -> None:
    table = of(3).to_pandas()
    assert (table.index.name, list(table["square"])) == ("number", [0, 1, 4])


def test_a_negative_number_of_first_items_is_refused(of: Any) -> None:
    async def awaited() -> None:
        await awaiting(30).head(-1)

    with pytest.raises(InvalidArgument, match="count must be at least 0, not -1"):
        of(30).head(-1)
    with pytest.raises(InvalidArgument, match="count must be at least 0, not -1"):
        asyncio.run(awaited())
    assert of(30).head(0) == []


@pytest.mark.parametrize("kind", [AsyncResults, AsyncInventory])
@pytest.mark.parametrize("read", [list, sorted, set, lambda results: 1 in results])
def test_reading_without_awaiting_is_refused(kind: Any, read: Callable[[Any], Any]) -> None:
    async def main() -> list[Any]:
        made = awaiting(30)
        results = kind(made._fetch, start)
        await results.head(3)
        with pytest.raises(TypeError, match=r"use 'async for', or await results\.all\(\)"):
            read(results)
        kept: list[Any] = await results.all()
        return kept

    assert asyncio.run(main()) == list(range(30))
