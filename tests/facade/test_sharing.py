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


@pytest.mark.parametrize("kind", [Provena, AsyncProvena])
def test_a_pickled_client_signs_in_with_the_environment(
    sandbox: Any, token: str, kind: type[Provena | AsyncProvena], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it goes to a worker process; the secret does not."""
    handle = sandbox.add_dataset("Kelp", files={"a": b"1"})
    for name, value in {**sandbox.environment(), "PROVENA_ACCESS_TOKEN": token}.items():
        monkeypatch.setenv(name, value)
    client = kind().with_options(max_retries=1)
    reef = client.datastore.interactive_dataset(handle)

    async def used(reef: Any, client: Any) -> list[str]:
        files = reef.list_files()
        files = await files if kind is AsyncProvena else files
        closing = client.close()
        if kind is AsyncProvena:
            await closing
        return [file.path for file in files]

    assert asyncio.run(used(reef, client)) == ["a", "metadata.json"]
    sent = pickle.dumps((client, reef))
    assert token.encode() not in sent
    there, reef_there = pickle.loads(sent)
    assert there.explain()["max_retries"].value == "1"
    assert there.explain()["sign_in"].value == "access token (set)"
    assert asyncio.run(used(reef_there, there)) == ["a", "metadata.json"]
    monkeypatch.delenv("PROVENA_ACCESS_TOKEN")
    with pytest.raises(errors.SignInRequired, match="PROVENA_ACCESS_TOKEN is not set"):
        asyncio.run(used(*reversed(pickle.loads(sent))))


def test_a_client_with_a_secret_given_is_not_pickled(deployment: Any, token: str) -> None:
    with (
        Provena(deployment, access_token=token) as provena,
        pytest.raises(errors.ConfigurationError, match="Give it in the environment"),
    ):
        pickle.dumps(provena)
