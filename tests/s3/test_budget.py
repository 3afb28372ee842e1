"""How many requests may run at once, and how many bytes may be held."""

import asyncio
import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_sdk.s3.budget import SMALL_BYTES, Admission
from provena_sdk.s3.http.line import Line

LARGE = SMALL_BYTES + 1


async def run_all(admission: Admission, sizes: list[int]) -> tuple[int, int]:
    """Run a request of each size; return the most small and large ones that ran at once."""
    running, most = [0, 0], [0, 0]

    async def one(size: int) -> None:
        kind = int(size > SMALL_BYTES)
        async with admission.slot(size):
            running[kind] += 1
            most[kind] = max(most[kind], running[kind])
            await asyncio.sleep(0)
            running[kind] -= 1

    await asyncio.gather(*map(one, sizes))
    return most[0], most[1]


async def test_small_and_large_requests_have_limits_of_their_own() -> None:
    admission = Admission(5, 2)
    assert admission.most == 7
    assert await run_all(admission, [1000] * 30 + [LARGE] * 30) == (5, 2)
    assert admission.running == 0


async def test_who_came_first_goes_first() -> None:
    admission = Admission(1)
    order: list[int] = []

    async def one(number: int) -> None:
        async with admission.slot(0):
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*map(one, range(20)))
    assert order == list(range(20))


async def test_slowing_down_halves_once_for_all_that_were_under_way() -> None:
    admission = Admission(64, 16)
    slots = [admission.slot(0) for _ in range(10)]
    for slot in slots:
        await slot.__aenter__()
    for slot in slots:
        admission.slowed(slot)
    assert admission.limits == (32, 8, 8)
    for slot in slots:
        await slot.__aexit__(None, None, None)
    assert admission.limits == (32, 8, 8)
    for _ in range(20):
        async with admission.slot(0) as slot:
            admission.slowed(slot)
    assert admission.limits == (1, 1, 1)


async def test_limits_grow_back_slowly_and_not_beyond_what_they_were() -> None:
    admission = Admission(8, 8)
    async with admission.slot(0) as slot:
        admission.slowed(slot)
    assert admission.limits == (4, 4, 4)
    await run_all(admission, [0] * 10)
    assert admission.limits[0] == 5
    assert (await run_all(admission, [0] * 200))[0] <= 8
    assert admission.limits == (8, 4, 4)


async def test_a_request_that_failed_earns_nothing() -> None:
    admission = Admission(2)
    async with admission.slot(0) as slot:
        admission.slowed(slot)
    for _ in range(50):
        with contextlib.suppress(KeyError):
            async with admission.slot(0):
                raise KeyError
    assert admission.limits[0] == 1


async def test_fewer_run_while_more_than_the_limit_are_under_way() -> None:
    admission = Admission(4)
    slots = [admission.slot(0) for _ in range(4)]
    for slot in slots:
        await slot.__aenter__()
    admission.slowed(slots[0])
    waiting = asyncio.ensure_future(run_all(admission, [0]))
    for number, slot in enumerate(slots):
        await asyncio.sleep(0)
        assert waiting.done() == (number > 3)
        await slot.__aexit__(KeyError, KeyError(), None)
    await waiting


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=30), st.integers(1, 3))
def test_whoever_gives_up_leaves_the_place_to_another(jobs: list[tuple[bool, int]], limit: int) -> None:
    async def work() -> None:
        admission = Admission(limit)
        ran = 0

        async def one(steps: int) -> None:
            nonlocal ran
            async with admission.slot(0):
                assert admission.running <= limit
                for _ in range(steps):
                    await asyncio.sleep(0)
                ran += 1

        tasks: list[asyncio.Task[Any]] = []
        for gives_up, steps in jobs:
            tasks.append(asyncio.ensure_future(one(steps)))
            await asyncio.sleep(0)
            if gives_up:
                tasks[len(tasks) // 2].cancel()
        async with asyncio.timeout(5):
            done = await asyncio.gather(*tasks, return_exceptions=True)
        assert ran == sum(one is None for one in done)
        assert admission.running == 0

    asyncio.run(work())


async def test_a_fresh_one_knows_of_no_request() -> None:
    admission = Admission(3, 2)
    await admission.slot(0).__aenter__()
    fresh = admission.fresh()
    assert (fresh.running, fresh.limits, fresh.most) == (0, (3, 2, 2), 5)


@pytest.mark.parametrize("size", [0, SMALL_BYTES])
async def test_what_counts_as_small(size: int) -> None:
    admission = Admission(1, 1)
    async with admission.slot(size), admission.slot(LARGE):
        assert admission.running == 2


async def test_few_large_requests_run_before_the_line_is_known() -> None:
    admission = Admission(160, 32)
    assert (await run_all(admission, [LARGE] * 60))[1] == 4


async def test_the_next_body_follows_when_the_last_has_been_sent() -> None:
    admission = Admission()
    assert admission.sending_rate is None
    order: list[str] = []

    async def send(name: str, answered: asyncio.Event) -> None:
        async with admission.slot(LARGE, sends=True) as slot:
            order.append(f"{name} begins")
            await asyncio.sleep(0)
            slot.sent()
            # A second time has no effect.
            slot.sent()
            await answered.wait()
            order.append(f"{name} ends")

    answered = [asyncio.Event(), asyncio.Event(), asyncio.Event()]
    tasks = [asyncio.ensure_future(send(name, event)) for name, event in zip("abc", answered, strict=True)]
    for _ in range(10):
        await asyncio.sleep(0)
    assert order == ["a begins", "b begins", "c begins"]
    assert admission.running == 3
    for event in answered:
        event.set()
    await asyncio.gather(*tasks)
    assert admission.running == 0
    assert order[3:] == ["a ends", "b ends", "c ends"]


async def test_one_body_is_sent_at_once_before_the_line_is_known() -> None:
    admission = Admission()
    running = most = 0

    async def send(fails: bool) -> None:
        nonlocal running, most
        async with admission.slot(LARGE, sends=True):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1
            if fails:
                raise KeyError

    await asyncio.gather(*(send(number % 2 == 0) for number in range(20)), return_exceptions=True)
    assert most == 1
    # Answers have a limit of their own.
    assert (await run_all(admission, [LARGE] * 20))[1] == 4


async def test_connections_are_shared_by_small_and_large_requests() -> None:
    admission = Admission(connections=3)
    assert admission.most == 3
    most = 0

    async def one(size: int) -> None:
        nonlocal most
        async with admission.slot(size):
            most = max(most, admission.running)
            await asyncio.sleep(0)

    await asyncio.gather(*(one(size) for size in [0] * 20 + [LARGE] * 20))
    assert (most, admission.running) == (3, 0)
    assert admission.fresh().most == 3


async def test_small_requests_hold_no_more_bytes_than_the_line_carries_soon() -> None:
    admission = Admission()
    sizes = [SMALL_BYTES] * 60
    assert (await run_all(admission, sizes))[0] == 8
    # A file larger than what is in flight is fetched alone.
    limited = Admission(line=Line(100_000.0))
    assert (await run_all(limited, sizes))[0] == 1
    assert (await run_all(limited, [5000] * 60))[0] == 5


async def test_the_line_is_measured_while_requests_run() -> None:
    admission = Admission()

    async def one() -> None:
        async with admission.slot(SMALL_BYTES):
            admission.line.received(SMALL_BYTES)
            await asyncio.sleep(0.06)

    await asyncio.gather(*(one() for _ in range(200)))
    # 8 MiB at first, then what the line carries in 2 s.
    assert (await run_all(admission, [SMALL_BYTES] * 200))[0] > 8
