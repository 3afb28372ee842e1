"""Every error of the standards, at every step, and what the user reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from provena_sdk.auth.errors import Refusal, explain
from provena_sdk.auth.flows import ClientCredentials, DeviceFlow, Flow, OfflineToken
from provena_sdk.auth.server import SignInServer
from provena_sdk.auth.source import TokenSource
from provena_sdk.auth.tokens import SessionKey
from provena_sdk.errors import (
    ProvenaError,
    ServerError,
    SessionEnded,
    SignInDenied,
    SignInError,
    SignInExpired,
)
from provena_sdk.secret import Secret

if TYPE_CHECKING:
    from tests.auth.conftest import Answer, FakeClock, FakeSignIn, Quiet

TABLE: list[tuple[str, type[ProvenaError], str]] = [
    (
        "access_denied",
        SignInDenied,
        "Signing in was refused on the sign-in page. Sign in again.",
    ),
    (
        "expired_token",
        SignInExpired,
        "The code was not used in time. Sign in again.",
    ),
    (
        "invalid_client",
        SignInDenied,
        "The sign-in server does not know client 'client-tools' or refused its secret. "
        "Check the client id and secret (PROVENA_CLIENT_ID, PROVENA_CLIENT_SECRET).",
    ),
    (
        "unauthorized_client",
        SignInDenied,
        "Client 'client-tools' may not sign in this way. "
        "Ask the deployment's operator to allow it, or use another client id.",
    ),
    (
        "unsupported_grant_type",
        SignInDenied,
        "The sign-in server does not offer this way of signing in. "
        "Ask the deployment's operator to allow it, or use another client id.",
    ),
    (
        "unsupported_response_type",
        SignInDenied,
        "The sign-in server does not offer this way of signing in. "
        "Ask the deployment's operator to allow it, or use another client id.",
    ),
    (
        "invalid_scope",
        SignInDenied,
        "Client 'client-tools' may not have the scopes it asked for. "
        "Ask the deployment's operator to allow it, or use another client id.",
    ),
    (
        "invalid_request",
        SignInError,
        "The sign-in server did not accept the request. "
        "Check the addresses of the deployment; if they are right, report this.",
    ),
    (
        "unsupported_token_type",
        SignInError,
        "The sign-in server cannot revoke this kind of token. It ends by itself.",
    ),
    (
        "made_up",
        SignInError,
        "The sign-in server refused with 'made_up'. "
        "Check the addresses of the deployment; if they are right, report this.",
    ),
]
FAILING = [
    ("server_error", "The sign-in server failed. Try again in a few minutes."),
    (
        "temporarily_unavailable",
        "The sign-in server is busy or under maintenance. Try again in a few minutes.",
    ),
]


@pytest.mark.parametrize(("code", "kind", "reads"), TABLE)
def test_refused_while_polling(
    server: SignInServer,
    key: SessionKey,
    sign_in: FakeSignIn,
    quiet: Quiet,
    refuse: Callable[..., Answer],
    code: str,
    kind: type[ProvenaError],
    reads: str,
) -> None:
    sign_in.script("/token", refuse(code))
    flow = DeviceFlow(server, key, deployment="example.org", interactive=True, present=quiet)
    with pytest.raises(kind) as raised:
        flow.begin()
    assert str(raised.value) == reads
    assert type(raised.value) is kind


@pytest.mark.parametrize(("code", "kind", "reads"), TABLE)
@pytest.mark.parametrize("way", ["device", "offline", "service"])
def test_refused_at_the_start(
    server: SignInServer,
    key: SessionKey,
    sign_in: FakeSignIn,
    quiet: Quiet,
    refuse: Callable[..., Answer],
    way: str,
    code: str,
    kind: type[ProvenaError],
    reads: str,
) -> None:
    flow: Flow
    if way == "device":
        flow = DeviceFlow(server, key, deployment="example.org", interactive=True, present=quiet)
    elif way == "offline":
        flow = OfflineToken(server, key, Secret("offline", name="offline_token"))
    else:
        flow = ClientCredentials(server, key, Secret("secret", name="client_secret"))
    sign_in.script("/auth/device" if way == "device" else "/token", refuse(code))
    with pytest.raises(kind) as raised:
        TokenSource(flow).token()
    assert str(raised.value) == reads


@pytest.mark.parametrize(("code", "reads"), FAILING)
def test_the_server_says_that_it_is_failing(
    server: SignInServer,
    key: SessionKey,
    sign_in: FakeSignIn,
    clock: FakeClock,
    refuse: Callable[..., Answer],
    code: str,
    reads: str,
) -> None:
    sign_in.script("/token", *[refuse(code, status=503)] * 3)
    with pytest.raises(ServerError) as raised:
        OfflineToken(server, key, Secret("offline", name="offline_token")).begin()
    assert str(raised.value) == reads
    assert raised.value.status == 503
    assert clock.slept == [0.5, 2.0]


@pytest.mark.parametrize("code", ["authorization_pending", "slow_down"])
def test_codes_of_the_device_flow_elsewhere(code: str) -> None:
    assert isinstance(explain(Refusal(code), client_id="x"), SignInError)


def test_a_refused_session_where_nobody_can_be_asked(server: SignInServer, key: SessionKey) -> None:
    with pytest.raises(SessionEnded) as raised:
        OfflineToken(server, key, Secret("unknown", name="offline_token")).begin()
    assert str(raised.value) == (
        "The offline token is no longer accepted (Session not active). "
        "Create a new one, and set PROVENA_OFFLINE_TOKEN to it."
    )


def test_what_the_server_adds_is_passed_on(sign_in: FakeSignIn) -> None:
    error = explain(Refusal("invalid_scope", "Invalid scopes: openid."), client_id="x")
    assert "may not have the scopes it asked for. The server says: Invalid scopes: openid. Ask" in str(error)


def test_what_the_server_adds_is_made_fit_for_a_message(
    server: SignInServer, key: SessionKey, sign_in: FakeSignIn, refuse: Callable[..., Answer]
) -> None:
    nasty = "no tok-3n-secret here\r\n\x1b[31mred " + "x" * 1000
    sign_in.script("/token", refuse("invalid_request", nasty))
    with pytest.raises(SignInError) as raised:
        OfflineToken(server, key, Secret("tok-3n-secret", name="offline_token")).begin()
    text = str(raised.value)
    assert "tok-3n-secret" not in text
    assert text.isprintable()
    assert len(text) < 400


@pytest.mark.parametrize("code", ["{0.__class__}", "{client.__class__.__mro__}", "{", "}", "{x}", "%s%n"])
def test_what_the_server_says_is_never_a_template(code: str) -> None:
    for error in (
        explain(Refusal(code), client_id="x"),
        explain(Refusal("invalid_scope", code), client_id="x"),
    ):
        assert code in error.message
        assert "class '" not in error.message
