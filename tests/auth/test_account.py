"""Who is signed in, keys for pipelines, and one person taking another's place."""

from __future__ import annotations

import base64
import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from provena_sdk import AsyncProvena, Deployment, Provena
from provena_sdk.auth import Account, Prompt, SessionKey, TokenSource, token_source
from provena_sdk.auth.account import describe
from provena_sdk.auth.flows import StaticToken
from provena_sdk.auth.store.token_store import FileStore
from provena_sdk.auth.tokens import Tokens, read_claims, read_kind
from provena_sdk.errors import ConfigurationError, SessionEnded, SignInDenied, SignInError, SignInRequired
from provena_sdk.sandbox import Fault, Sandbox
from provena_sdk.secret import Secret


class Person:
    """Approves at once as ``username``, answers questions with ``answer``, and remembers what was shown."""

    def __init__(self, sandbox: Sandbox, username: str = "writer") -> None:
        self._sandbox = sandbox
        self.username = username
        self.answer: bool | None = None
        self.asked: list[str] = []
        self.told: list[str] = []
        self.prompts: list[Prompt] = []

    def show(self, prompt: Prompt) -> None:
        self.prompts.append(prompt)
        self._sandbox.approve(prompt.user_code, self.username)

    def waiting(self, seconds_left: float) -> None:
        pass

    def finished(self, username: str | None, *, signed_in: bool) -> None:
        pass

    def confirm(self, question: str) -> bool | None:
        self.asked.append(question)
        return self.answer

    def say(self, text: str) -> None:
        self.told.append(text)


@pytest.fixture
def sandbox(provena_sandbox: Sandbox) -> Sandbox:
    provena_sandbox.clock.freeze()
    return provena_sandbox


@pytest.fixture
def person(sandbox: Sandbox) -> Person:
    return Person(sandbox)


@pytest.fixture
def deployment(sandbox: Sandbox) -> Deployment:
    return Deployment.from_env(sandbox.environment())


Make = Callable[..., TokenSource]


@pytest.fixture
def make(sandbox: Sandbox, deployment: Deployment, person: Person) -> Make:
    def make(**options: Any) -> TokenSource:
        given = {"interactive": True, "present": person, **options}
        return token_source(deployment, clock=sandbox.clock.now, sleep=sandbox.advance, **given)

    return make


def token_requests(sandbox: Sandbox) -> int:
    return sum(exchange.path.endswith(("/token", "/auth/device")) for exchange in sandbox.requests)


@pytest.mark.parametrize("end", [-62135596800, 253402300799, 1e14, -1])
def test_a_token_that_ends_in_no_year_that_can_be_shown(deployment: Deployment, end: float) -> None:
    claims = {"sub": "id", "preferred_username": "ada", "exp": end}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    account = describe(
        StaticToken(SessionKey.of(deployment, "x"), Secret("x")),
        Tokens(Secret(f"x.{payload}.x"), 1.0),
        {},
        deployment,
    )
    assert account.access_ends is None
    assert "not known" in str(account)


def test_a_person_sees_who_they_are(sandbox: Sandbox, deployment: Deployment, make: Make) -> None:
    with Provena(deployment, tokens=make()) as provena:
        account = provena.whoami()
    now = sandbox.clock.now()
    assert account.username == "writer"
    assert account.email == "writer@example.com"
    assert {"entity-registry-read", "entity-registry-write"} <= set(account.roles)
    assert (account.deployment, account.realm) == ("localhost", "provena")
    assert account.way == "by a person, as client client-tools"
    assert account.access_ends is not None
    assert account.session_ends is not None
    assert account.access_ends.timestamp() == pytest.approx(now + 300, abs=1)
    assert account.session_ends.timestamp() == pytest.approx(now + 1800, abs=1)


@pytest.mark.parametrize(
    ("given", "username", "way"),
    [
        ("access_token", "reader", "with an access token made elsewhere"),
        ("offline_token", "writer2", "with an offline token, as client automated-access"),
        ("client_secret", "service-account-sandbox-service", "as service sandbox-service"),
    ],
)
async def test_so_do_programs(sandbox: Sandbox, make: Make, given: str, username: str, way: str) -> None:
    secret = {
        "access_token": sandbox.access_token("reader"),
        "offline_token": sandbox.offline_token("writer2"),
        "client_secret": "sandbox-secret",
    }[given]
    client_id = "sandbox-service" if given == "client_secret" else None
    tokens = make(**{given: secret}, client_id=client_id)
    deployment = Deployment.from_env(sandbox.environment())
    async with AsyncProvena(deployment, tokens=tokens) as provena:
        account = await provena.whoami()
    assert (account.username, account.way) == (username, way)
    assert account.session_ends is None
    assert account.access_ends is not None


def test_who_has_no_address_and_no_roles_of_their_own(sandbox: Sandbox, make: Make) -> None:
    deployment = Deployment.from_env(sandbox.environment())
    account = make(access_token=sandbox.access_token("noemail")).whoami(deployment)
    assert account.email is None
    assert "email          none" in str(account)


def test_a_session_that_was_ended_elsewhere_is_noticed(sandbox: Sandbox, make: Make) -> None:
    source = make()
    source.sign_in()
    sandbox.end_sessions()
    with pytest.raises(SessionEnded, match="has ended"):
        source.whoami(Deployment("localhost"))


def test_a_given_token_is_not_given_up_because_its_session_ended(
    sandbox: Sandbox, deployment: Deployment, make: Make
) -> None:
    """The services look at the token alone, and accept it to its end."""
    with Provena(deployment, tokens=make(access_token=sandbox.access_token("reader"))) as provena:
        sandbox.end_sessions()
        assert provena.whoami().username == "reader"
        assert provena.datastore.check_access("read").username == "reader"


def test_a_sign_in_server_that_tells_nothing(sandbox: Sandbox, deployment: Deployment, make: Make) -> None:
    """Keycloak refuses to say who the holder of a token without the scope openid is; the token says it, too."""
    sandbox.faults.add(
        Fault(service="signin", path="*/userinfo", status=403, body=b'{"error": "insufficient_scope"}')
    )
    account = make(access_token=sandbox.access_token("reader")).whoami(deployment)
    assert (account.username, account.email) == ("reader", "reader@example.com")


def test_an_account_reads_well_and_is_escaped() -> None:
    account = Account(
        "<ada>",
        None,
        ("a", "b"),
        "example.org",
        "provena",
        "by a person",
        datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
    )
    assert "user           <ada>\n" in str(account)
    assert "roles          a, b\n" in str(account)
    assert "2026-01-0" in str(account)
    assert "&lt;ada&gt;" in account._repr_html_()
    assert "<ada>" not in account._repr_html_()


def test_signing_out_ends_the_session_everywhere(
    sandbox: Sandbox, deployment: Deployment, make: Make
) -> None:
    other = FileStore().path(SessionKey.of(deployment, "client-tools", "other"))
    with Provena(deployment, tokens=make(profile="other")) as provena:
        provena.sign_in()
    with Provena(deployment, tokens=make()) as provena:
        provena.sign_in()
        own = FileStore().path(SessionKey.of(deployment, "client-tools"))
        stored = FileStore().load(SessionKey.of(deployment, "client-tools"))
        assert stored is not None
        provena.sign_out()
    assert not own.exists()
    assert other.exists()
    with pytest.raises(SignInRequired):
        make(interactive=False).token()
    assert make(profile="other", interactive=False).token()
    server = make()._flow.server
    assert server is not None
    assert stored.refresh_token is not None
    assert "Session not active" in str(server.refresh(stored.refresh_token, client_id="client-tools"))


def test_a_key_for_a_pipeline(sandbox: Sandbox, deployment: Deployment, make: Make, person: Person) -> None:
    source = make()
    source.sign_in()
    mine = source.token()
    before = {path.name for path in FileStore().folder.iterdir()}
    with Provena(deployment, tokens=source) as provena:
        key = provena.create_offline_token()
    secret = key.reveal()
    assert read_kind(secret) == "Offline"
    assert secret not in f"{key!r} {key} {person.told} {vars(source)}"
    assert source.token() == mine
    assert {path.name for path in FileStore().folder.iterdir()} == before
    assert not any(secret.encode() in path.read_bytes() for path in FileStore().folder.iterdir())
    with pytest.raises(ConfigurationError):
        pickle.dumps(key)
    [advice] = person.told
    assert "acts as writer" in advice
    assert "PROVENA_OFFLINE_TOKEN" in advice
    assert f"{sandbox.issuer_url}/account" in advice
    sandbox.advance(90_000)
    pipeline = make(offline_token=secret, interactive=False)
    assert read_claims(pipeline.token()).username == "writer"


async def test_a_key_from_awaiting_code(sandbox: Sandbox, deployment: Deployment, make: Make) -> None:
    async with AsyncProvena(deployment, tokens=make()) as provena:
        key = await provena.create_offline_token()
    assert read_kind(key.reveal()) == "Offline"


def test_no_key_without_a_person(deployment: Deployment, make: Make) -> None:
    with Provena(deployment, tokens=make(interactive=False)) as provena, pytest.raises(SignInRequired):
        provena.create_offline_token()


def test_a_token_that_ends_with_the_session_is_no_key(
    sandbox: Sandbox, deployment: Deployment, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provena_sdk.auth.account.OFFLINE_SCOPES", ("openid",))
    with Provena(deployment, tokens=make()) as provena, pytest.raises(SignInDenied) as raised:
        provena.create_offline_token()
    assert str(raised.value) == (
        "The sign-in server gave client 'automated-access' no offline token. "
        "Ask the deployment's operator for the role offline_access."
    )
    assert sandbox.requests[-1].path.endswith("/revoke")


@pytest.mark.parametrize("answer", [True, False, None])
def test_somebody_else_asks_first(
    sandbox: Sandbox, deployment: Deployment, make: Make, person: Person, answer: bool | None
) -> None:
    key = SessionKey.of(deployment, "client-tools")
    make().sign_in()
    first = FileStore().load(key)
    assert first is not None
    person.username, person.answer = "reader", answer
    source = make()
    if answer:
        source.sign_in()
        stored = FileStore().load(key)
        assert stored is not None
        assert read_claims(stored.access_token).username == "reader"
    else:
        with pytest.raises(SignInError, match="profile='reader'") as raised:
            source.sign_in()
        assert "writer is signed in to localhost under profile 'default', and stays so." in str(raised.value)
        assert FileStore().load(key) == first
        assert sandbox.requests[-1].path.endswith("/revoke"), "the session that nobody wants is ended"
        assert read_claims(source.token()).username == "writer"
    assert person.asked == [
        "writer is signed in to localhost under profile 'default'. Replace that session with one of reader?"
    ]


def test_the_same_person_is_not_asked(make: Make, person: Person) -> None:
    make().sign_in()
    make().sign_in()
    assert person.asked == []


def test_nor_is_one_whose_predecessor_is_long_gone(sandbox: Sandbox, make: Make, person: Person) -> None:
    make().sign_in()
    sandbox.advance(1801)
    person.username = "reader"
    source = make()
    source.sign_in()
    assert person.asked == []
    assert read_claims(source.token()).username == "reader"


def test_a_profile_of_their_own(deployment: Deployment, make: Make, person: Person) -> None:
    make().sign_in()
    person.username = "reader"
    make(profile="reader").sign_in()
    assert person.asked == []
    assert read_claims(make(interactive=False).token()).username == "writer"
    assert read_claims(make(interactive=False, profile="reader").token()).username == "reader"
