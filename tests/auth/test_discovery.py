"""Finding the sign-in server's endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from oauthlib.oauth2 import DeviceClient

from provena_sdk.auth.discovery import Endpoints
from provena_sdk.auth.server import SignInServer
from provena_sdk.config.addresses import is_safe
from provena_sdk.errors import ConfigurationError, ConnectionFailed, EndpointNotFound, GatewayError
from provena_sdk.secret import Secret

if TYPE_CHECKING:
    from tests.auth.conftest import Answer, FakeSignIn

DOCUMENT = "/openid-configuration"


def found(server: SignInServer) -> Endpoints:
    with server.line(DeviceClient("client-tools")) as line:
        return server.endpoints(line)


def test_what_the_realm_publishes_is_used(
    server: SignInServer, sign_in: FakeSignIn, answer: type[Answer]
) -> None:
    moved = "https://sso.example.org/token"
    sign_in.script(DOCUMENT, answer(body={**sign_in.document(), "token_endpoint": moved}))
    assert found(server).token == moved
    assert found(server).revocation == f"{sign_in.issuer}/protocol/openid-connect/revoke"
    assert len(sign_in.requests) == 1, "asked once"


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_realm_that_publishes_nothing_is_taken_for_keycloaks(
    server: SignInServer, sign_in: FakeSignIn, answer: type[Answer], status: int
) -> None:
    sign_in.script(DOCUMENT, answer(status, {"error": "no"}))
    assert found(server) == Endpoints.below(sign_in.issuer)


def test_endpoints_that_are_not_published_follow_from_the_issuer(
    server: SignInServer, sign_in: FakeSignIn, answer: type[Answer]
) -> None:
    sign_in.script(DOCUMENT, answer(body={"issuer": sign_in.issuer + "/", "token_endpoint": None}))
    assert found(server) == Endpoints.below(sign_in.issuer)


@pytest.mark.parametrize("issuer", ["https://evil.example/realm", None, 5])
def test_a_document_of_another_issuer_is_refused(
    server: SignInServer, sign_in: FakeSignIn, answer: type[Answer], issuer: Any
) -> None:
    sign_in.script(DOCUMENT, answer(body={**sign_in.document(), "issuer": issuer}))
    with pytest.raises(ConfigurationError, match="another issuer"):
        found(server)


@pytest.mark.parametrize(
    "address",
    [
        "http://auth.example.org/token",
        "https://user:pass@auth.example.org/",
        "ftp://x/",
        "https://",
        "http://[",
    ],
)
def test_an_address_that_is_not_safe_is_refused(
    server: SignInServer, sign_in: FakeSignIn, answer: type[Answer], address: str
) -> None:
    assert not is_safe(address)
    sign_in.script(DOCUMENT, answer(body={**sign_in.document(), "token_endpoint": address}))
    with pytest.raises(ConfigurationError, match="token must be an https URL"):
        found(server)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (502, "<html>", GatewayError),
        (302, "", EndpointNotFound),
        (0, "", ConnectionFailed),
    ],
)
def test_trouble_is_not_taken_for_an_answer(
    server: SignInServer,
    sign_in: FakeSignIn,
    answer: type[Answer],
    status: int,
    body: str,
    error: type[Exception],
) -> None:
    sign_in.script(DOCUMENT, answer(status, body, drop=status == 0))
    with pytest.raises(error):
        found(server)
    assert found(server) == Endpoints.below(sign_in.issuer)


def test_nobody_listens() -> None:
    server = SignInServer("http://127.0.0.1:9/realm", sleep=lambda _: None)
    with pytest.raises(ConnectionFailed, match="could not be reached"):
        server.refresh(Secret("token"), client_id="x")


def test_the_environments_proxy_is_not_used_for_this_machine(
    server: SignInServer, sign_in: FakeSignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert found(server) == Endpoints.below(sign_in.issuer)
