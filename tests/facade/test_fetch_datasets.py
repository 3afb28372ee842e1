"""Fetching many datasets at once: order, duplicates, failures by handle, one renewal of the token."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from provena_sdk import errors
from provena_sdk.operations import catalogue
from provena_sdk.sandbox import Fault


async def test_datasets_come_in_the_order_of_the_ids(sign_in: Any, sandbox: Any) -> None:
    handles = [sandbox.add_dataset(f"Kelp {number}") for number in range(40)]
    asked = [*reversed(handles), f"hdl:{handles[3]}", handles[3]]
    async with sign_in() as provena:
        fetched = await provena.datastore.fetch_datasets(iter(asked))
    assert [answer.item.id for answer in fetched] == [*reversed(handles), handles[3], handles[3]]
    assert fetched.ids == tuple(answer.item.id for answer in fetched)
    assert (len(fetched), len(fetched.found), fetched.failures) == (42, 40, {})
    assert str(fetched).startswith("40 of 40 datasets fetched\nhandle ")
    assert repr(fetched) == "<FetchedDatasets: 40 of 40 datasets fetched>"


async def test_each_dataset_is_fetched_once(recorder: Any) -> None:
    datastore, sent = recorder(lambda call: errors.ServerError("down", operation="o", status=500))
    with pytest.raises(errors.FetchFailed):
        await datastore.fetch_datasets(["1/1", "1/2", "hdl:1/1"])
    assert [call.dataset_id for call in sent.calls] == ["1/1", "1/2"]
    assert {call.operation for call in sent.calls} == {catalogue.datastore.FETCH_DATASET}


async def test_no_ids(recorder: Any) -> None:
    datastore, sent = recorder()
    assert list(await datastore.fetch_datasets([])) == []
    assert sent.calls == []


async def test_failures_by_handle(sign_in: Any, sandbox: Any) -> None:
    mine = sandbox.add_dataset("Kelp")
    private = sandbox.add_dataset("Private", private=True, owner="writer2")
    async with sign_in() as provena:
        with pytest.raises(errors.FetchFailed) as caught:
            await provena.datastore.fetch_datasets([private, mine, "10378.1/none"])
        same = await provena.datastore.fetch_datasets(
            [private, mine, "10378.1/none"], raise_for_failures=False
        )
    for fetched in (caught.value.fetched, same, pickle.loads(pickle.dumps(same))):
        assert [answer.item.id for answer in fetched] == [mine]
        assert list(fetched.failures) == [private, "10378.1/none"]
        assert type(fetched.failures[private]) is errors.DatasetAccessDenied
        assert type(fetched.failures["10378.1/none"]) is errors.DatasetNotFound
    assert [type(error) for error in caught.value.errors] == [
        errors.DatasetAccessDenied,
        errors.DatasetNotFound,
    ]
    assert str(caught.value).startswith(
        f"2 of 3 datasets could not be fetched, the first being {private}: You have no permission"
    )
    assert isinstance(caught.value, errors.PartialFailure)
    assert str(same).splitlines()[0] == "1 of 3 datasets fetched"


async def test_each_is_retried_as_a_single_call_is(sign_in: Any, sandbox: Any) -> None:
    handles = [sandbox.add_dataset(f"Kelp {number}") for number in range(3)]
    sandbox.faults.add(Fault.gateway(503, path="/registry/items/fetch-dataset"))
    async with sign_in() as provena:
        fetched = await provena.datastore.fetch_datasets(handles)
    assert [answer.item.id for answer in fetched] == handles


async def test_an_expired_token_is_renewed_once(sandbox: Any, deployment: Any, face: Any) -> None:
    handles = [sandbox.add_dataset(f"Kelp {number}") for number in range(40)]
    async with face.open(deployment, offline_token=sandbox.offline_token("writer")) as provena:
        await provena.datastore.fetch_dataset(handles[0])
        sandbox.advance(100_000)
        before = sum("/token" in request.path for request in sandbox.requests)
        assert len(await provena.datastore.fetch_datasets(handles)) == 40
        assert sum("/token" in request.path for request in sandbox.requests) == before + 1


@pytest.mark.parametrize(
    "problem",
    [
        errors.TokenRejected("token", operation="o", status=401),
        errors.SignInRequired("nobody"),
        errors.ClosedError("closed"),
    ],
)
async def test_a_problem_with_the_session_ends_all(recorder: Any, problem: Exception) -> None:
    datastore, sent = recorder(lambda call: problem)
    with pytest.raises(type(problem)):
        await datastore.fetch_datasets([f"1/{number}" for number in range(100)], raise_for_failures=False)
    assert len(sent.calls) == 1


async def test_no_further_request_is_sent_without_a_valid_token(
    sandbox: Any, deployment: Any, face: Any
) -> None:
    before = len(sandbox.requests)
    async with face.open(deployment, access_token=sandbox.access_token("writer", lifetime=-1)) as provena:
        with pytest.raises((errors.SignInError, errors.TokenRejected)):
            await provena.datastore.fetch_datasets([f"10378.1/{number}" for number in range(500)])
    assert len(sandbox.requests) - before <= 64
