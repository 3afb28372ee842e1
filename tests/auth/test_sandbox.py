"""Every way of signing in, against the sandbox: real tokens, real services, rotation with reuse detection."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from provena_sdk.auth import Prompt, TokenSource, token_source
from provena_sdk.auth.tokens import read_claims
from provena_sdk.config import Deployment
from provena_sdk.errors import SessionEnded, SignInDenied, SignInExpired, SignInRequired
from provena_sdk.sandbox import Fault, Sandbox
from provena_sdk.secret import Secret


@pytest.fixture
def sandbox(provena_sandbox: Sandbox) -> Sandbox:
    provena_sandbox.clock.freeze()
    return provena_sandbox


@pytest.fixture
def make(sandbox: Sandbox) -> Callable[..., TokenSource]:
    deployment = Deployment(sandbox.domain, realm=sandbox.realm, issuer=sandbox.issuer_url)

    def make(**options: Any) -> TokenSource:
        return token_source(deployment, clock=sandbox.clock.now, sleep=sandbox.advance, **options)

    return make


class Person:
    """Reads the code off the screen, and presses a button some time later."""

    def __init__(self, sandbox: Sandbox, press: Callable[[str], None], after: float = 12) -> None:
        self._sandbox = sandbox
        self._press = press
        self._after = after
        self._code = ""

    def show(self, prompt: Prompt) -> None:
        self._code = prompt.user_code
        self._when = self._sandbox.clock.now() + self._after

    def waiting(self, seconds_left: float) -> None:
        if self._code and self._sandbox.clock.now() >= self._when:
            self._press(self._code)
            self._code = ""

    def finished(self, username: str | None, *, signed_in: bool) -> None:
        self.username = username

    def confirm(self, question: str) -> bool | None:
        return None

    def say(self, text: str) -> None:
        raise AssertionError(text)


def userinfo(sandbox: Sandbox, token: Secret) -> int:
    url = f"{sandbox.issuer_url}/protocol/openid-connect/userinfo"
    return httpx.get(url, headers={"Authorization": f"Bearer {token.reveal()}"}).status_code


def read(sandbox: Sandbox, token: Secret) -> int:
    url = f"{sandbox.datastore_url}/check-access/check-read-access"
    return httpx.get(url, headers={"Authorization": f"Bearer {token.reveal()}"}).status_code


def test_a_person_signs_in_works_all_day_and_signs_out(
    sandbox: Sandbox, make: Callable[..., TokenSource]
) -> None:
    person = Person(sandbox, lambda code: sandbox.approve(code, "writer"))
    source = make(interactive=True, present=person)
    assert read(sandbox, source.token()) == 200
    assert person.username == "writer"
    assert "entity-registry-write" in source.claims().roles
    for _ in range(12):
        sandbox.advance(250)
        assert read(sandbox, source.token()) == 200
    assert make(interactive=False).token() == source.token()
    token = source.token()
    assert userinfo(sandbox, token) == 200
    source.sign_out()
    assert userinfo(sandbox, token) == 401
    with pytest.raises(SignInRequired, match="nobody can be asked here"):
        make(interactive=False).token()


def test_a_person_says_no(sandbox: Sandbox, make: Callable[..., TokenSource]) -> None:
    with pytest.raises(SignInDenied, match="refused on the sign-in page"):
        make(interactive=True, present=Person(sandbox, sandbox.deny)).token()


def test_nobody_says_anything(sandbox: Sandbox, make: Callable[..., TokenSource]) -> None:
    person = Person(sandbox, sandbox.approve, after=10_000)
    with pytest.raises(SignInExpired):
        make(interactive=True, present=person).token()
    polls = [exchange for exchange in sandbox.requests if exchange.path.endswith("/token")]
    assert len(polls) == 119, "every poll kept the pace, none was told to slow down"


def test_trouble_while_waiting(sandbox: Sandbox, make: Callable[..., TokenSource]) -> None:
    token_path = "*/protocol/openid-connect/token"
    for fault in (
        Fault(service="signin", path=token_path, drop="before"),
        Fault.gateway(504, service="signin", path=token_path),
        Fault.too_many_requests("40", service="signin", path=token_path),
        Fault(service="signin", path=token_path, truncate=10),
        Fault(
            service="signin",
            path=token_path,
            status=200,
            body="<html>portal</html>",
            content_type="text/html",
        ),
    ):
        sandbox.faults.add(fault)
    person = Person(sandbox, lambda code: sandbox.approve(code, "reader"), after=200)
    assert make(interactive=True, present=person).claims().username == "reader"


def test_a_rejected_token_is_renewed_and_works(sandbox: Sandbox, make: Callable[..., TokenSource]) -> None:
    source = make(offline_token=sandbox.offline_token("writer"))
    token = source.token()
    sandbox.advance(301)
    assert read(sandbox, token) == 401
    assert read(sandbox, source.renew(token)) == 200


def test_a_service(sandbox: Sandbox, make: Callable[..., TokenSource]) -> None:
    source = make(client_id="sandbox-service", client_secret="sandbox-secret")
    first = source.token()
    sandbox.advance(250)
    assert source.token() != first
    with pytest.raises(SignInDenied):
        make(client_id="sandbox-service", client_secret="wrong").token()


def test_an_administrator_ends_the_session(sandbox: Sandbox, make: Callable[..., TokenSource]) -> None:
    person = Person(sandbox, lambda code: sandbox.approve(code, "writer"))
    source = make(interactive=True, present=person)
    source.token()
    sandbox.end_sessions()
    sandbox.advance(300)
    with pytest.raises(SessionEnded, match="has ended"):
        source.token()


def test_a_refresh_whose_answer_is_lost(sandbox: Sandbox, make: Callable[..., TokenSource]) -> None:
    """The server rotated and the answer never came: with reuse detection the session is over, and says so."""
    person = Person(sandbox, lambda code: sandbox.approve(code, "writer"))
    source = make(interactive=True, present=person)
    source.token()
    sandbox.advance(301)
    sandbox.faults.add(Fault(service="signin", path="*/protocol/openid-connect/token", drop="after"))
    with pytest.raises(SessionEnded, match="reuse"):
        source.token()


SCRIPT = """
import sys
from provena_sdk.auth import token_source
from provena_sdk.config import Deployment
from provena_sdk.secret import Secret
source = token_source(Deployment("localhost", issuer=sys.argv[1]), interactive=False)
import provena_sdk.auth.http
print("ready", flush=True)
for _ in sys.stdin:
    print(source.token().reveal(), flush=True)
"""


@pytest.mark.slow
def test_processes_share_a_session_over_several_rotations() -> None:
    rounds = 5
    with Sandbox(access_token_seconds=1, poll_interval=1, approve_as="writer") as sandbox:
        deployment = Deployment("localhost", issuer=sandbox.issuer_url)
        token_source(deployment, interactive=True, present=Person(sandbox, lambda _: None)).sign_in()
        sandbox.requests.clear()
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", SCRIPT, sandbox.issuer_url],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(5)
        ]
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()
        for _ in range(rounds):
            time.sleep(0.55)
            for process in processes:
                assert process.stdin is not None
                process.stdin.write("\n")
                process.stdin.flush()
            for process in processes:
                assert process.stdout is not None
                assert read_claims(process.stdout.readline().strip()).username == "writer"
        refreshes = [e for e in sandbox.requests if e.path.endswith("/token")]
        assert rounds <= len(refreshes) <= 2 * rounds
        assert {exchange.status for exchange in refreshes} == {200}
        for process in processes:
            _, errors = process.communicate(timeout=20)
            assert errors == ""
            assert process.returncode == 0
