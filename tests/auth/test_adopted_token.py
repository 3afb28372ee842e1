"""Sign in with an offline token that is kept as the session, and put a new token into a file."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provena_sdk import (
    ConfigurationError,
    Deployment,
    InvalidArgument,
    Provena,
    SessionEnded,
    SignInDenied,
    SignInRequired,
)
from provena_sdk.auth import token_source
from provena_sdk.auth.tokens import read_kind
from provena_sdk.sandbox import Sandbox


@pytest.fixture
def deployment(provena_sandbox: Sandbox) -> Deployment:
    return Deployment.from_env(provena_sandbox.environment())


def client(deployment: Deployment, **options: Any) -> Provena:
    return Provena(deployment, interactive=False, **options)


def test_later_clients_use_the_token_and_renew_with_it(
    provena_sandbox: Sandbox, deployment: Deployment
) -> None:
    with client(deployment) as provena:
        provena.sign_in(provena_sandbox.offline_token("reader"))
    for _ in range(3):
        provena_sandbox.advance(10_000)
        with client(deployment) as later:
            later.tokens.renew(later.tokens.token())
            account = later.whoami()
    assert account.username == "reader"
    assert account.way == "with an offline token, as client automated-access"


def test_signing_out_forgets_it_without_revoking_it(provena_sandbox: Sandbox, deployment: Deployment) -> None:
    with client(deployment) as provena:
        provena.sign_in(provena_sandbox.offline_token("reader"))
        before = len(provena_sandbox.requests)
        provena.sign_out()
        assert [one for one in provena_sandbox.requests[before:] if one.path.endswith("/revoke")] == []
        with pytest.raises(SignInRequired):
            provena.whoami()


def test_another_users_session_stays_unless_it_may_be_replaced(
    provena_sandbox: Sandbox, deployment: Deployment
) -> None:
    with client(deployment) as provena:
        provena.sign_in(provena_sandbox.offline_token("writer"))
    with client(deployment) as provena, pytest.raises(SignInDenied, match="writer is signed in"):
        provena.sign_in(provena_sandbox.offline_token("reader"))
    with client(deployment) as provena:
        assert provena.whoami().username == "writer"
        provena.sign_in(provena_sandbox.offline_token("reader"), replace=True)
    with client(deployment) as provena:
        assert provena.whoami().username == "reader"


def test_a_token_that_is_not_accepted_is_not_kept(provena_sandbox: Sandbox, deployment: Deployment) -> None:
    token = provena_sandbox.offline_token("reader")
    provena_sandbox.end_sessions()
    with client(deployment) as provena:
        with pytest.raises(SessionEnded, match="no longer accepted"):
            provena.sign_in(token)
        with pytest.raises(SignInRequired):
            provena.whoami()


@pytest.mark.parametrize("token", ["", "two words", "opaque"])
def test_what_cannot_be_a_token_is_refused(
    token: str, deployment: Deployment, shown_by: Callable[[BaseException], str]
) -> None:
    with client(deployment) as provena, pytest.raises(ConfigurationError) as raised:
        provena.sign_in(token)
    assert not token or token not in shown_by(raised.value)


def test_another_secret_in_use_is_not_replaced(provena_sandbox: Sandbox, deployment: Deployment) -> None:
    with (
        client(deployment, access_token=provena_sandbox.access_token()) as provena,
        pytest.raises(ConfigurationError, match="with an access token made elsewhere"),
    ):
        provena.sign_in(provena_sandbox.offline_token("reader"))


@pytest.fixture
def approved(provena_sandbox: Sandbox, deployment: Deployment) -> Provena:
    class Person:
        def show(self, prompt: Any) -> None:
            provena_sandbox.approve(prompt.user_code, "writer")

        def waiting(self, seconds_left: float) -> None:
            pass

        def finished(self, username: str | None, *, signed_in: bool) -> None:
            pass

        def confirm(self, question: str) -> bool | None:
            return None

        def say(self, text: str) -> None:
            self.said = text

    person = Person()
    tokens = token_source(
        deployment,
        interactive=True,
        present=person,
        clock=provena_sandbox.clock.now,
        sleep=provena_sandbox.advance,
    )
    return Provena(deployment, tokens=tokens)


def test_a_new_token_goes_into_a_file_of_the_user_alone(approved: Provena, tmp_path: Path) -> None:
    place = tmp_path / "pipeline.token"
    token = approved.create_offline_token(place)
    assert place.read_text("utf-8") == token.reveal()
    assert read_kind(token) == "Offline"
    assert os.name != "posix" or stat.S_IMODE(place.stat().st_mode) == 0o600
    assert list(tmp_path.glob(".pipeline*")) == []


def test_a_file_that_exists_is_kept_and_nobody_is_asked(
    approved: Provena, tmp_path: Path, provena_sandbox: Sandbox
) -> None:
    (tmp_path / "mine").write_text("mine", "utf-8")
    for place in (tmp_path / "mine", tmp_path / "missing" / "token"):
        with pytest.raises(InvalidArgument, match="file: "):
            approved.create_offline_token(place)
    assert (tmp_path / "mine").read_text("utf-8") == "mine"
    assert provena_sandbox.requests == []


def test_no_empty_file_is_left_when_nobody_approves(deployment: Deployment, tmp_path: Path) -> None:
    with client(deployment) as provena, pytest.raises(SignInRequired):
        provena.create_offline_token(tmp_path / "token")
    assert not (tmp_path / "token").exists()
