"""The threads of a transfer."""

import asyncio
import functools
import threading
from collections.abc import Iterator

import pytest

from provena_sdk.concurrency.thread_pool import Threads


@pytest.fixture
def threads() -> Iterator[Threads]:
    made = Threads(3, "test-threads")
    yield made
    made.close()


def at_work() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("test-threads")]


async def test_results_and_errors_arrive(threads: Threads) -> None:
    def odd(number: int) -> int:
        if number % 2:
            raise ValueError(str(number))
        return number

    outcomes = await asyncio.gather(
        *(threads.run(functools.partial(odd, number)) for number in range(1000)), return_exceptions=True
    )
    assert [outcome if isinstance(outcome, int) else int(str(outcome)) for outcome in outcomes] == list(
        range(1000)
    )
    assert sum(isinstance(outcome, ValueError) for outcome in outcomes) == 500


async def test_so_many_work_at_once(threads: Threads) -> None:
    together = threading.Barrier(3, timeout=10)
    await asyncio.gather(*(threads.run(together.wait) for _ in range(3)))
    assert len(at_work()) == 3


async def test_what_is_cancelled_before_its_turn_is_left_out(threads: Threads) -> None:
    go, done = threading.Event(), []
    busy = [threads.run(go.wait) for _ in range(3)]
    waiting = threads.run(lambda: done.append("it ran"))
    waiting.cancel()
    go.set()
    await asyncio.gather(*busy)
    assert await threads.run(lambda: "next") == "next"
    assert done == []


async def test_what_is_cancelled_at_work_disturbs_nothing(threads: Threads) -> None:
    begun, go = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go.wait()
        raise ValueError("nobody listens")

    future = threads.run(work)
    await asyncio.to_thread(begun.wait)
    future.cancel()
    go.set()
    assert await threads.run(lambda: "next") == "next"


async def test_an_ended_iteration_is_an_error_like_others(threads: Threads) -> None:
    empty: Iterator[int] = iter(())
    with pytest.raises(RuntimeError, match="ended an iteration"):
        await threads.run(lambda: next(empty))


async def test_they_end_when_closed() -> None:
    threads = Threads(3, "test-threads-ending")
    await threads.run(lambda: None)
    assert len(at_work()) == 3
    workers = [thread for thread in threading.enumerate() if thread.name in at_work()]
    threads.close()
    for worker in workers:
        worker.join(timeout=10)
    assert at_work() == []


async def test_nothing_waits_for_threads_that_are_closed() -> None:
    threads = Threads(1, "test-threads-closed")
    threads.close()
    with pytest.raises(RuntimeError, match="over"):
        await asyncio.wait_for(threads.run(lambda: None), 1)
