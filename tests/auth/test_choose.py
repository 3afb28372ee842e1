"""Which way to sign in is chosen, and from where."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from provena_sdk.auth import MemoryStore, SessionKey, Tokens, token_source
from provena_sdk.auth.server import SignInServer
from provena_sdk.auth.store.token_store import FileStore
from provena_sdk.config import Deployment
from provena_sdk.errors import ConfigurationError, SessionEnded, SignInRequired
from provena_sdk.secret import Secret

if TYPE_CHECKING:
    from tests.auth.conftest import FakeClock, FakeSignIn, Quiet

EXAMPLE = Deployment("example.org")


@pytest.mark.parametrize(
    ("environment", "arguments", "flow"),
    [
        ({}, {}, "DeviceFlow('client-tools' at "),
        ({}, {"client_id": "mine"}, "DeviceFlow('mine' at "),
        ({"CLIENT_ID": "mine"}, {}, "DeviceFlow('mine' at "),
        ({"CLIENT_ID": "mine"}, {"client_id": "other"}, "DeviceFlow('other' at "),
        ({}, {"access_token": "a"}, "StaticToken(at "),
        ({}, {"offline_token": "a"}, "OfflineToken('automated-access' at "),
        ({}, {"offline_token": "a", "client_id": "mine"}, "OfflineToken('mine' at "),
        ({}, {"client_id": "svc", "client_secret": "s"}, "ClientCredentials('svc' at "),
        ({"CLIENT_ID": "svc"}, {"client_secret": "s"}, "ClientCredentials('svc' at "),
        ({"CLIENT_ID": "svc", "CLIENT_SECRET": "s"}, {}, "ClientCredentials('svc' at "),
        ({"ACCESS_TOKEN": "a", "OFFLINE_TOKEN": "b"}, {}, "StaticToken(at "),
        ({"OFFLINE_TOKEN": "b", "CLIENT_ID": "svc", "CLIENT_SECRET": "s"}, {}, "OfflineToken('svc' at "),
        ({"ACCESS_TOKEN": "a"}, {"offline_token": "b"}, "OfflineToken('automated-access' at "),
        ({"ACCESS_TOKEN": "  \n", "OFFLINE_TOKEN": ""}, {}, "DeviceFlow('client-tools' at "),
    ],
)
def test_arguments_come_before_the_environment_and_that_before_a_person(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], arguments: dict[str, str], flow: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(f"PROVENA_{name}", value)
    source = token_source(EXAMPLE, **arguments)  # type: ignore[arg-type]
    assert repr(source).startswith(f"TokenSource({flow}'https://auth.example.org/auth/realms/provena')")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"access_token": "a", "offline_token": "b"}, "Only one of access_token, offline_token"),
        ({"client_secret": "s"}, "client_secret was given without its client"),
        ({"access_token": ""}, "access_token is empty"),
        ({"access_token": "two words"}, "access_token is empty, or not one line"),
        ({"offline_token": "line\nbreak"}, "offline_token is empty, or not one line"),
        ({"offline_token": "ünïcode"}, "offline_token is empty, or not one line"),
        ({"endpoints": {"tokn": "https://x.example"}}, "tokn is not a sign-in endpoint"),
        ({"endpoints": {"token": "http://x.example"}}, "token must be an https URL"),
    ],
)
def test_what_cannot_be_used_is_said_at_once(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as raised:
        token_source(EXAMPLE, **arguments)  # type: ignore[arg-type]
    assert "break" not in str(raised.value)


@pytest.mark.parametrize(
    ("issuer", "fine"),
    [
        ("https://auth.example.org/realm", True),
        ("http://127.0.0.1:8080/realm", True),
        ("http://[::1]:8080/realm", True),
        ("http://localhost/realm", True),
        ("http://auth.example.org/realm", False),
        ("http://127.0.0.1.example.org/realm", False),
        ("http://localhost.example.org/realm", False),
        ("http://10.0.0.1/realm", False),
    ],
)
def test_plain_http_is_for_this_machine_only(issuer: str, fine: bool) -> None:
    if fine:
        token_source(Deployment("example.org", issuer=issuer))
    else:
        with pytest.raises(ConfigurationError, match="issuer must be an https URL"):
            SignInServer(issuer)


def test_surrounding_white_space_is_dropped() -> None:
    assert token_source(EXAMPLE, access_token=" abc\n").token().reveal() == "abc"


def test_a_whole_day(deployment: Deployment, sign_in: FakeSignIn, clock: FakeClock, quiet: Quiet) -> None:
    """Signed in once in the morning; later runs, also where nobody watches, go on from there."""
    clock.later(5, lambda: sign_in.decide("approved"))
    with pytest.raises(SignInRequired):
        token_source(deployment, clock=clock, sleep=clock.sleep).token()
    morning = token_source(deployment, interactive=True, present=quiet, clock=clock, sleep=clock.sleep)
    morning.token()
    for _ in range(10):
        clock.now += 600
        later = token_source(deployment, interactive=False, clock=clock, sleep=clock.sleep)
        assert later.claims().username == "ada"
    assert len(sign_in.calls("/auth/device")) == 1
    with pytest.raises(SignInRequired):
        token_source(deployment, profile="other", interactive=False).token()


def test_each_offline_token_has_its_own_session(
    deployment: Deployment, sign_in: FakeSignIn, clock: FakeClock
) -> None:
    first, second = sign_in.refresh_token("one"), sign_in.refresh_token("two")
    token_source(deployment, offline_token=first, clock=clock).token()
    token_source(deployment, offline_token=second, clock=clock).token()
    assert [seen.form["refresh_token"] for seen in sign_in.calls("/token")] == [first, second]
    # The first was replaced by the server; the replacement is found again.
    token_source(deployment, offline_token=first, clock=clock).token()
    assert len(sign_in.calls("/token")) == 2


def test_the_store_can_be_chosen(deployment: Deployment, sign_in: FakeSignIn, tmp_path: Path) -> None:
    offline = sign_in.refresh_token()
    token_source(deployment, offline_token=offline, store=MemoryStore()).token()
    assert not (tmp_path / "state").exists()


def test_without_discovery(deployment: Deployment, sign_in: FakeSignIn) -> None:
    token_source(deployment, offline_token=sign_in.refresh_token(), discovery=False).token()
    assert [seen.path for seen in sign_in.requests] == ["/auth/realms/provena/protocol/openid-connect/token"]


def test_an_endpoint_can_be_replaced(deployment: Deployment, sign_in: FakeSignIn) -> None:
    elsewhere = sign_in.issuer.replace("/realms/provena", "/elsewhere/token")
    token_source(deployment, offline_token=sign_in.refresh_token(), endpoints={"token": elsewhere}).token()
    assert sign_in.requests[-1].path == "/auth/elsewhere/token"


class TestPickling:
    def test_a_persons_session_travels_by_way_of_the_store(
        self, deployment: Deployment, sign_in: FakeSignIn, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("provena_sdk.auth.flows.someone_watches", lambda: True)
        key = SessionKey.of(deployment, "client-tools")
        now = 2_000_000_000.0
        FileStore().save(
            key, Tokens(Secret(sign_in.access_token()), now, now + 300, Secret(sign_in.refresh_token()))
        )
        source = token_source(deployment, interactive=True, present=quiet, clock=_year_2033)
        token = source.token()
        pickled = pickle.dumps(source)
        assert not [secret for secret in sign_in.issued if secret.encode() in pickled]
        copied = pickle.loads(pickled)
        assert copied.current() is None
        assert copied.token() == token
        copied.sign_out()
        with pytest.raises(SignInRequired, match="nobody can be asked here"):
            copied.token()

    @pytest.mark.parametrize("name", ["ACCESS_TOKEN", "OFFLINE_TOKEN"])
    def test_a_secret_of_the_environment_travels_as_the_variables_name(
        self,
        deployment: Deployment,
        sign_in: FakeSignIn,
        monkeypatch: pytest.MonkeyPatch,
        name: str,
    ) -> None:
        secret = sign_in.refresh_token()
        monkeypatch.setenv(f"PROVENA_{name}", secret)
        source = token_source(deployment, store=MemoryStore())
        pickled = pickle.dumps(source)
        assert secret.encode() not in pickled
        assert pickle.loads(pickled).token()
        monkeypatch.delenv(f"PROVENA_{name}")
        with pytest.raises(SignInRequired, match=f"PROVENA_{name} is not set in this process"):
            pickle.loads(pickled).token()

    @pytest.mark.parametrize("name", ["ACCESS_TOKEN", "OFFLINE_TOKEN"])
    @pytest.mark.parametrize(
        "beside",
        [
            {"PROVENA_DOMAIN": "other.example.org"},
            {"PROVENA_ISSUER_URL": "https://auth.other.example.org/auth/realms/provena"},
        ],
        ids=["domain", "issuer"],
    )
    def test_a_workers_secret_for_another_deployment_goes_nowhere(
        self,
        deployment: Deployment,
        sign_in: FakeSignIn,
        monkeypatch: pytest.MonkeyPatch,
        name: str,
        beside: dict[str, str],
    ) -> None:
        monkeypatch.setenv(f"PROVENA_{name}", sign_in.refresh_token())
        pickled = pickle.dumps(token_source(deployment, store=MemoryStore()))
        for variable, value in beside.items():
            monkeypatch.setenv(variable, value)
        asked = len(sign_in.requests)
        with pytest.raises(SignInRequired, match=f"PROVENA_{name} of this process is for another deployment"):
            pickle.loads(pickled).token()
        assert len(sign_in.requests) == asked

    @pytest.mark.parametrize(
        "arguments",
        [
            {"access_token": "s3cr3t"},
            {"offline_token": "s3cr3t"},
            {"client_id": "x", "client_secret": "s3cr3t"},
        ],
    )
    def test_a_secret_given_as_an_argument_stays_here(self, arguments: dict[str, str]) -> None:
        source = token_source(EXAMPLE, **arguments)  # type: ignore[arg-type]
        with pytest.raises(ConfigurationError, match="is not pickled") as raised:
            pickle.dumps(source)
        assert "s3cr3t" not in str(raised.value)


def _year_2033() -> float:
    return 2_000_000_000.0


def test_nothing_heavy_is_loaded_before_the_server_is_asked() -> None:
    script = (
        "import sys\n"
        "from provena_sdk.auth import token_source, TokenSource\n"
        "from provena_sdk.config import Deployment\n"
        "assert token_source(Deployment('example.org'), access_token='a').token().reveal() == 'a'\n"
        "token_source(Deployment('example.org'))\n"
        "heavy = {'requests', 'oauthlib', 'requests_oauthlib', 'httpx', 'filelock', 'platformdirs'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_every_public_name_is_there(refuse: Callable[..., object]) -> None:
    import provena_sdk.auth as auth

    for name in auth.__all__:
        assert getattr(auth, name).__doc__, name
    assert set(auth.__all__) <= set(dir(auth))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        auth.nothing  # noqa: B018


def test_an_access_token_that_never_was_accepted_is_not_said_to_have_been() -> None:
    source = token_source(Deployment("example.org"), access_token="abc")
    with pytest.raises(SessionEnded, match=r"^The access token is not accepted, and"):
        source.renew(Secret("abc"))
