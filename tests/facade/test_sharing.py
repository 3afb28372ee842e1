"""One client for many threads, several clients on several loops, and blocking calls inside a loop."""

from __future__ import annotations

import asyncio
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from provena_sdk import AsyncProvena, Provena, RegistryFetchResponse, errors


@pytest.fixture
def token(sandbox: Any) -> str:
    return str(sandbox.access_token("writer"))


def name_of(fetched: RegistryFetchResponse) -> str:
    assert fetched.item is not None
    return fetched.item.display_name


def test_threads_share_one_client(sandbox: Any, deployment: Any, token: str) -> None:
    handles = [sandbox.add_dataset(f"Kelp {number}", files={"n": b"%d" % number}) for number in range(8)]
    with Provena(deployment, access_token=token) as provena, ThreadPoolExecutor(32) as threads:

        def work(number: int) -> tuple[str, int, bytes]:
            dataset = provena.datastore.interactive_dataset(handles[number % 8])
            listed = sum(1 for _ in provena.datastore.for_all_datasets(page_size=3))
            with dataset.open("n") as file:
                return name_of(dataset.fetch_dataset()), listed, file.read()

        results = list(threads.map(work, range(32)))
    assert results == [(f"Kelp {n % 8}", 8, b"%d" % (n % 8)) for n in range(32)]


def test_two_loops_with_a_client_each(sandbox: Any, deployment: Any, token: str) -> None:
    handle = sandbox.add_dataset("Kelp", files={"a": b"1"})

    async def main() -> list[str]:
        async with AsyncProvena(deployment, access_token=token) as provena:
            files = await provena.datastore.io.list_all_files(handle)
            await asyncio.gather(*(provena.datastore.fetch_dataset(handle) for _ in range(20)))
            return [file.path for file in files]

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(lambda _: asyncio.run(main()), range(2))) == [["a", "metadata.json"]] * 2


def test_one_client_on_two_loops_is_refused(sandbox: Any, deployment: Any, token: str) -> None:
    provena = AsyncProvena(deployment, access_token=token)
    with asyncio.Runner() as first, asyncio.Runner() as second:
        first.run(provena.datastore.get_health_check())
        with pytest.raises(errors.ClosedError, match="one AsyncProvena for each loop"):
            second.run(provena.datastore.get_health_check())
        first.run(provena.close())


async def test_blocking_calls_inside_a_loop(sandbox: Any, deployment: Any, token: str) -> None:
    handle = sandbox.add_dataset("Kelp", files={"a": b"1"})
    with Provena(deployment, access_token=token) as provena:
        assert name_of(provena.datastore.fetch_dataset(handle)) == "Kelp"
        assert [file.path for file in provena.datastore.io.list_all_files(handle)] == ["a", "metadata.json"]
        assert len(provena.datastore.search_datasets("kelp")) == 1


async def test_a_list_that_is_abandoned_leaves_no_complaint(
    sandbox: Any, deployment: Any, token: str
) -> None:
    sandbox.populate(30)
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
    async with AsyncProvena(deployment, access_token=token) as provena:
        async for _ in provena.datastore.for_all_datasets(page_size=5):
            break
    await asyncio.sleep(0.05)
    assert complaints == []


def test_a_list_that_outlives_its_client(sandbox: Any, deployment: Any, token: str) -> None:
    sandbox.populate(30)
    with Provena(deployment, access_token=token) as provena:
        results = provena.datastore.for_all_datasets(page_size=5)
        next(results)
    with pytest.raises(errors.ClosedError):
        list(results)


@pytest.mark.parametrize("face", [Provena, AsyncProvena])
def test_a_client_is_not_pickled_with_its_token(face: Any) -> None:
    client = face("example.org", access_token="hush-hush")
    with pytest.raises(Exception) as caught:
        pickle.dumps(client)
    assert "hush" not in str(caught.value)
