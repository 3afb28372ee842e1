"""What runs at once in a transfer."""

import asyncio
import threading
from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest

from provena_sdk.errors import ConnectionFailed, FileError, Forbidden
from provena_sdk.transfer import scheduler
from provena_sdk.transfer.report import FileOutcome
from provena_sdk.transfer.scheduler import Scheduler
from provena_sdk.transfer.spec.options import TransferOptions

MIB = 1024**2


def made(concurrency: int = 160, *, out_of_reach: bool = False) -> Scheduler:
    store = SimpleNamespace(objects=SimpleNamespace(out_of_reach=out_of_reach))
    return Scheduler(cast("Any", store), options=TransferOptions(concurrency=concurrency))


def failed(size: int, error: Exception, seconds: float) -> FileOutcome:
    return FileOutcome(str(size), "failed", error=error)


def kind(size: int) -> str:
    return "small" if size <= MIB else "middling" if size <= 16 * MIB else "large"


@pytest.mark.parametrize(
    ("concurrency", "most"),
    [
        (160, {"small": 240, "middling": 20, "large": 8}),
        (64, {"small": 64, "middling": 20, "large": 4}),
        (16, {"small": 16, "middling": 16, "large": 1}),
        (1, {"small": 1, "middling": 1, "large": 1}),
    ],
)
async def test_each_kind_of_file_has_its_own_workers(concurrency: int, most: dict[str, int]) -> None:
    running: Counter[str] = Counter()
    peak: Counter[str] = Counter()
    order: list[int] = []

    async def work(size: int) -> FileOutcome:
        running[kind(size)] += 1
        peak[kind(size)] = max(peak[kind(size)], running[kind(size)])
        order.append(size)
        await asyncio.sleep(0)
        running[kind(size)] -= 1
        return FileOutcome(str(size), "downloaded")

    sizes = list(range(300))
    sizes += [2 * MIB + number for number in range(50)] + [20 * MIB + number for number in range(10)]
    async with made(concurrency) as engine:
        outcomes = await engine.files(sizes, work, failed, size=lambda size: size)
    assert sorted(outcome.path for outcome in outcomes) == sorted(map(str, sizes))
    assert peak == most
    large = [size for size in order if kind(size) == "large"]
    assert large == sorted(large, reverse=True)


async def test_many_files_need_few_tasks() -> None:
    tasks = 0

    async def work(size: int) -> FileOutcome:
        nonlocal tasks
        tasks = max(tasks, len(asyncio.all_tasks()))
        return FileOutcome("x", "downloaded")

    async with made(64) as engine:
        assert len(await engine.files([1] * 3_000, work, failed, size=lambda size: size)) == 3_000
    assert tasks < 150


@pytest.mark.parametrize(
    ("error", "tried"),
    [
        (Forbidden("no", operation="x", status=403), 16),
        (FileError("only this"), 500),
        (ConnectionFailed("lost"), 40),
    ],
)
async def test_what_is_hopeless_is_not_tried_for_each(error: Exception, tried: int) -> None:
    tries = 0

    async def work(size: int) -> FileOutcome:
        nonlocal tries
        tries += 1
        await asyncio.sleep(0)
        raise error

    async with made(8) as engine:
        outcomes = await engine.files([1] * 500, work, failed, size=lambda size: size)
    assert [outcome.error for outcome in outcomes] == [error] * 500
    assert tries <= tried
    assert tries == 500 or type(error) is not FileError


async def test_when_the_store_is_out_of_reach_the_rest_is_not_tried() -> None:
    tried: list[int] = []

    async def work(size: int) -> FileOutcome:
        tried.append(size)
        await asyncio.sleep(0)
        raise ConnectionFailed("lost")

    async with made(8, out_of_reach=True) as engine:
        outcomes = await engine.files([1] * 500, work, failed, size=lambda size: size)
    assert len(outcomes) == 500
    assert len(tried) == 8


async def test_the_first_error_of_a_part_ends_the_others() -> None:
    ended: list[int] = []

    async def work(number: int) -> None:
        if number == 3:
            raise FileError("this one")
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(number)

    async with made() as engine:
        with pytest.raises(FileError, match="this one"):
            await engine.parts(range(100), work)
    assert ended == [number for number in range(32) if number != 3]


async def test_brief_calls_run_on_threads_for_a_while_when_they_are_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (("_BRIEF_SECONDS", 0.02), ("_LONGEST_SECONDS", 1.0), ("_CALLS_IN_THREADS", 2)):
        monkeypatch.setattr(scheduler, name, value)

    now = 1000.0
    monkeypatch.setattr(scheduler, "time", SimpleNamespace(monotonic=lambda: now))

    def call(seconds: float) -> int:
        nonlocal now
        now += seconds
        return threading.get_ident()

    here = threading.get_ident()
    async with made() as engine:
        assert await engine.briefly(call, 0.0) == here
        assert await engine.briefly(call, 0.25) == here
        assert await engine.briefly(call, 0.0) != here
        now += 0.49
        assert await engine.briefly(call, 0.0) != here
        now += 0.02
        assert await engine.briefly(call, 0.0) == here
