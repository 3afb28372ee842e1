"""What a client has just closed is asked about anew, by every file system of the process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fsspec
import pytest

from provena_sdk import AsyncProvena, Provena
from provena_sdk.errors import Forbidden, OutcomeUnknown
from provena_sdk.filesystem import ProvenaFileSystem
from provena_sdk.sandbox import Fault, Sandbox

REVIEWER = "10378.1/1900005"
Pipe = Callable[[bytes], None]


def by_dataset(client: Provena, handle: str) -> Pipe:
    fs = client.datastore.interactive_dataset(handle).fs
    return lambda data: fs.pipe_file("a", data)


def by_view(client: Provena, handle: str) -> Pipe:
    return by_dataset(client.with_options(timeout=30), handle)


def by_another_client(client: Provena, handle: str) -> Pipe:
    return by_dataset(Provena(), handle)


def by_file_system(client: Provena, handle: str) -> Pipe:
    fs = ProvenaFileSystem()
    return lambda data: fs.pipe_file(f"{handle}/a", data)


def by_address(client: Provena, handle: str) -> Pipe:
    def pipe(data: bytes) -> None:
        with fsspec.open(f"provena://{handle}/a", "wb") as file:
            file.write(data)

    return pipe


def by_copying(client: Provena, handle: str) -> Pipe:
    fs = client.datastore.interactive_dataset(handle).fs

    def pipe(data: bytes) -> None:
        fs.touch("b")
        fs.mv("b", "c")

    return pipe


@pytest.fixture(autouse=True)
def reviewer(sandbox: Sandbox) -> None:
    """Somebody who may be asked for a release."""
    with Provena(access_token=sandbox.access_token("admin")) as admin:
        admin.datastore.review.add_dataset_reviewer(REVIEWER)


DOORS = [by_dataset, by_view, by_another_client, by_file_system, by_address, by_copying]


def ask(client: Provena, handle: str) -> Any:
    return client.datastore.review.dataset_approval_request(
        dataset_id=handle, approver_id=REVIEWER, notes="please"
    )


@pytest.mark.parametrize("door", DOORS)
def test_nothing_is_written_once_a_release_was_asked_for(
    sandbox: Sandbox, dataset: str, door: Callable[[Provena, str], Pipe]
) -> None:
    with Provena() as client:
        pipe = door(client, dataset)
        pipe(b"before")
        before = sandbox.storage.files(dataset)
        ask(client, dataset)
        with pytest.raises(Forbidden):
            pipe(b"after")
    assert sandbox.storage.files(dataset) == before


@pytest.mark.parametrize("door", DOORS)
async def test_an_awaiting_client_closes_it_for_the_others(
    sandbox: Sandbox, dataset: str, door: Callable[[Provena, str], Pipe]
) -> None:
    with Provena() as other:
        pipe = door(other, dataset)
        pipe(b"before")
        async with AsyncProvena() as client:
            fs = client.datastore.interactive_dataset(dataset).fs
            await fs._pipe_file("d", b"before")
            await client.with_options(timeout=30).datastore.review.dataset_approval_request(
                dataset_id=dataset, approver_id=REVIEWER, notes="please"
            )
            with pytest.raises(Forbidden):
                await fs._pipe_file("d", b"after")
        with pytest.raises(Forbidden):
            pipe(b"after")
    assert sandbox.storage.files(dataset)["d"] == b"before"


@pytest.mark.parametrize("fault", [{"status": 500, "body": '{"detail": ""}'}, {"drop": "after"}])
def test_nothing_is_written_when_the_outcome_is_not_known(
    sandbox: Sandbox, dataset: str, fault: dict[str, Any]
) -> None:
    with Provena() as client:
        pipe = by_dataset(client, dataset)
        pipe(b"before")
        sandbox.faults.add(Fault(path="/release/approval-request", takes_effect=True, **fault))
        with pytest.raises(OutcomeUnknown):
            ask(client, dataset)
        with pytest.raises(Forbidden):
            pipe(b"after")


def test_the_reviewers_decision_opens_and_closes(sandbox: Sandbox, dataset: str) -> None:
    with Provena() as owner, Provena(access_token=sandbox.access_token("reviewer")) as decider:
        pipe = by_dataset(owner, dataset)
        pipe(b"before")
        ask(owner, dataset)
        with pytest.raises(Forbidden):
            pipe(b"pending")
        decider.datastore.review.action_approval_request(dataset_id=dataset, approve=False, notes="no")
        pipe(b"rejected")
        ask(owner, dataset)
        decider.datastore.review.action_approval_request(dataset_id=dataset, approve=True, notes="yes")
        with pytest.raises(Forbidden):
            pipe(b"released")
    assert sandbox.storage.files(dataset)["a"] == b"rejected"


@pytest.mark.parametrize("by_handle", [True, False])
def test_a_version_is_asked_about_anew(sandbox: Sandbox, dataset: str, by_handle: bool) -> None:
    def asked() -> int:
        return sum("write-access" in request.path for request in sandbox.requests)

    with Provena() as client:
        reef = client.datastore.interactive_dataset(dataset)
        pipe = by_dataset(client, dataset)
        pipe(b"1")
        pipe(b"2")
        assert asked() == 1
        if by_handle:
            client.datastore.version_dataset(id=dataset, reason="new season")
        else:
            reef.version("new season")
        pipe(b"3")
    assert asked() == 2


def test_other_datasets_are_left_alone(sandbox: Sandbox, dataset: str) -> None:
    other = sandbox.add_dataset("Other", files={})
    with Provena() as client:
        pipe = by_dataset(client, other)
        pipe(b"1")
        ask(client, dataset)
        before = len(sandbox.requests)
        pipe(b"2")
        assert len(sandbox.requests) == before
