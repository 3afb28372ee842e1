"""What the sign-in server says reaches nobody's terminal, notebook or message as it is."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from provena_sdk.auth.account import Account, create_offline_token
from provena_sdk.auth.flows import ClientCredentials, DeviceFlow
from provena_sdk.auth.prompts import notebook
from provena_sdk.auth.prompts.prompt import Prompt
from provena_sdk.auth.prompts.terminal import TerminalPresenter
from provena_sdk.auth.server import SignInServer
from provena_sdk.auth.tokens import SessionKey, Tokens, read_claims
from provena_sdk.config import Deployment
from provena_sdk.errors import ConfigurationError, ProvenaError, SignInDenied, SignInError
from provena_sdk.secret import Secret

if TYPE_CHECKING:
    from tests.auth.conftest import Answer, FakeSignIn, Quiet

HOSTILE = "ada\x1b[2J\x1b]52;c;ZXZpbA==\x07\r\nSigned in as admin.\u202e\u2066\ud83d\x00"
PROMPT = Prompt("example.org", "https://x.example/?user_code=u", HOSTILE, 600)


def is_plain(text: str) -> bool:
    return all(line.isprintable() for line in text.split("\n"))


def assert_is_harmless(text: str) -> None:
    assert is_plain(text), ascii(text)
    assert "\nSigned in as admin" not in text
    assert len(text) < 5000


def test_a_terminal() -> None:
    out = io.StringIO()
    present = TerminalPresenter(stream=out, browser=False)
    present.show(PROMPT)
    present.show(Prompt(HOSTILE, f"https://x.example/{HOSTILE}", "u", 600))
    present.say(f"{HOSTILE.partition(chr(13))[0] * 20}\nEnd.\n")
    present.finished(HOSTILE * 1000, signed_in=True)
    assert_is_harmless(out.getvalue())


def test_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(notebook, "_display", lambda bundle, **_: shown.extend(bundle.values()))
    notebook.NotebookPresenter().say(HOSTILE)
    for html, text in (
        notebook.asking(PROMPT, 60),
        notebook.asking(Prompt(HOSTILE, f"https://x.example/{HOSTILE}", "u", 600), 60),
        notebook.outcome("example.org", HOSTILE * 1000, signed_in=True),
        notebook.outcome(HOSTILE, None, signed_in=False),
    ):
        assert_is_harmless(html)
        assert_is_harmless(text)
    assert all(map(is_plain, shown))


def test_whoami() -> None:
    account = Account(HOSTILE * 100, HOSTILE, (HOSTILE, *["role"] * 5000), "example.org", "provena", "x")
    assert_is_harmless(str(account))
    assert_is_harmless(account._repr_html_())
    assert is_plain(repr(account))
    assert account.username == HOSTILE * 100, "as a value it is what the server says"


def test_whose_session_is_replaced(
    server: SignInServer, key: SessionKey, sign_in: FakeSignIn, quiet: Quiet
) -> None:
    name = HOSTILE.replace("\ud83d", "")
    flow = DeviceFlow(server, key, deployment="example.org", present=quiet)
    tokens = Tokens(Secret(sign_in.access_token(name)), 1.0)
    with pytest.raises(SignInDenied) as caught:
        flow.replace(read_claims(sign_in.access_token(name)), tokens)
    assert_is_harmless(str(caught.value))
    assert_is_harmless(quiet.events[0])


def test_advice_on_an_offline_token(
    server: SignInServer,
    key: SessionKey,
    deployment: Deployment,
    sign_in: FakeSignIn,
    quiet: Quiet,
    answer: type[Answer],
) -> None:
    sign_in.username = HOSTILE.replace("\ud83d", "")
    sign_in.script("/token", answer(200, sign_in.tokens()))
    flow = DeviceFlow(server, key, deployment="example.org", interactive=True, present=quiet)
    create_offline_token(flow, deployment)
    assert_is_harmless(quiet.events[-1])


@pytest.mark.parametrize("where", ["error", "error_description"])
def test_refusals(
    server: SignInServer,
    key: SessionKey,
    sign_in: FakeSignIn,
    answer: type[Answer],
    where: str,
) -> None:
    body = {"error": "invalid_scope", where: HOSTILE * 1000}
    sign_in.script("/token", answer(400, body))
    with pytest.raises(SignInError) as caught:
        ClientCredentials(server, key, Secret("the-secret")).begin()
    assert_is_harmless(str(caught.value))


def test_an_issuer(sign_in: FakeSignIn, server: SignInServer, answer: type[Answer]) -> None:
    sign_in.script("/openid-configuration", answer(200, {"issuer": HOSTILE * 1000}))
    with pytest.raises(ConfigurationError) as caught:
        server.client_credentials("x", Secret("the-secret"))
    assert_is_harmless(str(caught.value))


@pytest.mark.parametrize(
    ("description", "status", "secret"),
    [
        ("Invalid client or Invalid client credentials", 401, True),
        ("Invalid client secret", 401, True),
        (None, 401, True),
        ("Client not enabled to retrieve service account", 401, False),
        ("Client is not allowed to initiate OAuth 2.0 Device Authorization Grant.", 400, False),
        (None, 400, False),
    ],
)
def test_a_wrong_secret_says_so_whatever_the_server_calls_it(
    server: SignInServer,
    key: SessionKey,
    sign_in: FakeSignIn,
    answer: type[Answer],
    description: str | None,
    status: int,
    secret: bool,
) -> None:
    body: dict[str, Any] = {"error": "unauthorized_client", "error_description": description}
    sign_in.script("/token", answer(status, body))
    with pytest.raises(SignInDenied) as caught:
        ClientCredentials(server, key, Secret("the-secret")).begin()
    assert ("refused its secret" in str(caught.value)) is secret
    assert ("PROVENA_CLIENT_SECRET" in str(caught.value)) is secret


def test_who_may_have_no_offline_token_is_told_which_role_is_missing(
    server: SignInServer, key: SessionKey, sign_in: FakeSignIn, refuse: Callable[..., Answer], quiet: Quiet
) -> None:
    flow = DeviceFlow(server, key, deployment="example.org", interactive=True, present=quiet)
    sign_in.script("/token", refuse("not_allowed", "Offline tokens not allowed for the user or client"))
    with pytest.raises(SignInDenied, match="role offline_access"):
        flow.begin()


def test_roles_of_keycloaks_own_pages_are_left_out(sign_in: FakeSignIn) -> None:
    claims = read_claims(sign_in.access_token())
    assert claims.roles == ("data-store-write", "entity-registry-read")


def test_messages_hold_nothing_that_controls_a_terminal() -> None:
    assert is_plain(str(ProvenaError(HOSTILE, hint=HOSTILE)))
