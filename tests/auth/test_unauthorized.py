"""The three meanings of a 401: what each does, what it says, and that none starts a sign-in by itself."""

from __future__ import annotations

import pickle
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Never

import pytest

from provena_sdk import AsyncProvena, Deployment, Provena
from provena_sdk.auth import Prompt, token_source
from provena_sdk.errors import (
    DatasetAccessDenied,
    DatasetLocked,
    RoleMissing,
    SessionEnded,
    TokenRejected,
    Unauthorized,
)
from provena_sdk.sandbox import Fault, Sandbox
from provena_sdk.sandbox.seed import metadata


class Nobody:
    """Fails the test when a person is asked anything after the first sign-in."""

    def __init__(self, sandbox: Sandbox, username: str) -> None:
        self._sandbox = sandbox
        self._username: str | None = username

    def show(self, prompt: Prompt) -> None:
        assert self._username is not None, "a second sign-in was started"
        self._sandbox.approve(prompt.user_code, self._username)
        self._username = None

    def waiting(self, seconds_left: float) -> None:
        pass

    def finished(self, username: str | None, *, signed_in: bool) -> None:
        pass

    def confirm(self, question: str) -> Never:
        raise AssertionError(question)

    def say(self, text: str) -> Never:
        raise AssertionError(text)


@pytest.fixture
def sandbox(provena_sandbox: Sandbox) -> Sandbox:
    provena_sandbox.clock.freeze()
    return provena_sandbox


Connect = Callable[[str], Provena]


@pytest.fixture
def connect(sandbox: Sandbox) -> Connect:
    deployment = Deployment.from_env(sandbox.environment())

    def connect(username: str, **options: Any) -> Provena:
        tokens = token_source(
            deployment,
            interactive=True,
            present=Nobody(sandbox, username),
            clock=sandbox.clock.now,
            sleep=sandbox.advance,
        )
        return Provena(deployment, tokens=tokens, max_retries=0, **options)

    return connect


def asked(sandbox: Sandbox) -> list[str]:
    """What was asked of the sandbox since the last time, by the last part of its path."""
    paths = [exchange.path.rpartition("/")[2] for exchange in sandbox.requests]
    sandbox.requests.clear()
    return paths


def test_a_bad_token_is_renewed_and_the_call_repeated_once(sandbox: Sandbox, connect: Connect) -> None:
    with connect("writer") as provena:
        provena.sign_in()
        asked(sandbox)
        sandbox.faults.add(unaccepted(times=1))
        assert provena.datastore.check_access("read").username == "writer"
        assert asked(sandbox) == ["check-read-access", "token", "check-read-access"]
        sandbox.faults.add(unaccepted(times=5))
        with pytest.raises(TokenRejected, match="did not accept the access token"):
            provena.datastore.check_access("read")
        assert asked(sandbox) == ["check-read-access", "token", "check-read-access"]


def unaccepted(times: int) -> Fault:
    return Fault(
        service="datastore",
        path="/check-access/*",
        times=times,
        status=401,
        body=b'{"detail": "Could not validate credentials"}',
        content_type="application/json",
        headers={"www-authenticate": "Bearer"},
    )


def test_a_session_that_ended_is_an_error_not_a_new_sign_in(sandbox: Sandbox, connect: Connect) -> None:
    with connect("writer") as provena:
        provena.sign_in()
        sandbox.end_sessions()
        sandbox.advance(301)
        with pytest.raises(SessionEnded, match=r"has ended \(Session not active\)\. Sign in again\."):
            provena.datastore.check_access("read")


@pytest.mark.parametrize("token", ["bad", "ended"])
def test_a_bad_token_given_by_hand_cannot_be_renewed(sandbox: Sandbox, token: str) -> None:
    given = "no-token-of-the-server" if token == "bad" else sandbox.access_token(lifetime=-1)
    with (
        Provena(Deployment.from_env(sandbox.environment()), access_token=given) as provena,
        pytest.raises(
            SessionEnded, match=r"not accepted, and there is nothing to renew it with\. Give a new"
        ),
    ):
        provena.datastore.check_access("read")


def test_a_missing_role_is_named_and_where_to_ask(sandbox: Sandbox, connect: Connect) -> None:
    with connect("reader") as provena:
        provena.sign_in()
        asked(sandbox)
        with pytest.raises(RoleMissing) as raised:
            provena.datastore.mint_dataset(metadata("Reef"))
        assert raised.value.role == "entity-registry-write"
        assert str(raised.value) == (
            "You lack the role entity-registry-write, which datastore.mint_dataset needs. "
            "Request it with provena.roles.request('entity-registry-write'); signing in again will not help by itself."
        )
        assert asked(sandbox) == ["mint-dataset"]


READABLE = ("metadata-read",)


def test_a_dataset_that_can_be_seen_names_its_owner(sandbox: Sandbox, connect: Connect) -> None:
    reef = sandbox.add_dataset("Reef", owner="writer", files={"a.csv": b"1"})
    sandbox.set_access(reef, general=READABLE)
    with connect("writer2") as provena:
        provena.sign_in()
        asked(sandbox)
        for refused in (
            lambda: provena.datastore.interactive_dataset(reef).generate_read_access_credentials(),
            lambda: provena.datastore.interactive_dataset(reef).presigned_url("a.csv"),
            lambda: provena.datastore.update_dataset_metadata(reef, "a reason", metadata("Mine")),
        ):
            with pytest.raises(DatasetAccessDenied) as raised:
                refused()
            error = raised.value
            assert (error.dataset_id, error.owner) == (reef, "writer")
            assert f"on dataset {reef}" in str(error)
            assert str(error).endswith(
                "Ask its owner, writer (writer@example.com), for access; signing in again will not help."
            )
            assert error.owner_email == pickle.loads(pickle.dumps(error)).owner_email == "writer@example.com"
            assert str(pickle.loads(pickle.dumps(error))) == str(error)
            assert pickle.loads(pickle.dumps(error)).owner == "writer"
            steps = asked(sandbox)
            assert steps[1:] == ["fetch-dataset", "lookup", "fetch"]


def test_transfers_name_the_owner_too(sandbox: Sandbox, connect: Connect, tmp_path: object) -> None:
    reef = sandbox.add_dataset("Reef", owner="writer", files={"a.csv": b"1"})
    sandbox.set_access(reef, general=READABLE)
    with (
        connect("writer2") as provena,
        pytest.raises(DatasetAccessDenied, match=r"Ask its owner, writer \(writer@example\.com\), for"),
    ):
        provena.datastore.interactive_dataset(reef).download_all_files(str(tmp_path))


async def test_so_does_awaiting_code(sandbox: Sandbox) -> None:
    reef = sandbox.add_dataset("Reef", owner="writer", files={"a.csv": b"1"})
    sandbox.set_access(reef, general=READABLE)
    deployment = Deployment.from_env(sandbox.environment())
    async with AsyncProvena(deployment, access_token=sandbox.access_token("writer2")) as provena:
        with pytest.raises(
            DatasetAccessDenied, match=r"Ask its owner, writer \(writer@example\.com\), for access"
        ):
            await provena.datastore.interactive_dataset(reef).presigned_url("a.csv")


def test_a_private_dataset_keeps_its_owner_to_itself(sandbox: Sandbox, connect: Connect) -> None:
    reef = sandbox.add_dataset("Reef", owner="writer", private=True)
    with connect("writer2") as provena:
        provena.sign_in()
        asked(sandbox)
        with pytest.raises(DatasetAccessDenied) as raised:
            provena.datastore.fetch_dataset(reef)
        assert asked(sandbox) == ["fetch-dataset"]
        assert raised.value.owner is None
        assert "Ask its owner for access" in str(raised.value)
        with pytest.raises(DatasetAccessDenied, match="Ask its owner for access"):
            provena.datastore.interactive_dataset(reef).presigned_url("a.csv")


def test_a_locked_dataset_names_its_owner(sandbox: Sandbox, connect: Connect) -> None:
    reef = sandbox.add_dataset("Reef", owner="writer")
    sandbox.set_access(reef, locked=True)
    with connect("writer") as provena, pytest.raises(DatasetLocked) as raised:
        provena.datastore.update_dataset_metadata(reef, "a reason", metadata("Reef"))
    assert str(raised.value) == (
        f"Dataset {reef} is locked. Unlock it with ds.unlock(reason), or ask its owner, writer (writer@example.com), "
        "to unlock it."
    )


@pytest.mark.parametrize("auth_url", [None, "http://127.0.0.1:9"])
def test_an_owner_is_named_without_an_auth_service(auth_url: str | None, sandbox: Sandbox) -> None:
    reef = sandbox.add_dataset("Reef", owner="writer", files={"a.csv": b"1"})
    sandbox.set_access(reef, general=READABLE)
    deployment = replace(Deployment.from_env(sandbox.environment()), auth_url=auth_url)
    with Provena(deployment, access_token=sandbox.access_token("writer2")) as provena:
        began = time.monotonic()
        with pytest.raises(DatasetAccessDenied, match="Ask its owner, writer, for access") as raised:
            provena.datastore.interactive_dataset(reef).presigned_url("a.csv")
    assert raised.value.owner_email is None
    assert time.monotonic() - began < provena._transport.options.retry.base, "it was asked again"


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 500},
        {"status": 502, "body": b"<html>", "content_type": "text/html"},
        {"drop": "before"},
        {"truncate": 10},
        {"body": b"{}", "content_type": "application/json"},
    ],
)
def test_looking_for_the_owner_never_hides_the_refusal(
    sandbox: Sandbox, connect: Connect, trouble: dict[str, Any]
) -> None:
    reef = sandbox.add_dataset("Reef", owner="writer")
    sandbox.set_access(reef, general=READABLE)
    sandbox.faults.add(Fault(service="datastore", path="*/fetch-dataset", times=None, **trouble))
    with connect("writer2") as provena, pytest.raises(Unauthorized) as raised:
        provena.datastore.interactive_dataset(reef).presigned_url("a.csv")
    assert type(raised.value) is DatasetAccessDenied
    assert raised.value.owner is None
    assert "another exception occurred" not in "".join(traceback.format_exception(raised.value))
