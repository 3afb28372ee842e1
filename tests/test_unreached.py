"""What is said of a server that cannot be reached: which, and why, and nothing that is secret."""

from __future__ import annotations

import errno
import inspect
import os
import socket
from dataclasses import replace
from typing import Any

import httpx
import pytest

from provena_sdk import AsyncProvena, Deployment, Provena
from provena_sdk.auth import SignInServer
from provena_sdk.errors import ConfigurationError, ConnectionFailed
from provena_sdk.net.reachability import proxy_status, where, why
from provena_sdk.operations import catalogue
from provena_sdk.operations.operation import Call, Operation
from provena_sdk.operations.workflow import call
from provena_sdk.secret import Secret
from provena_sdk.transport.http import Options, Transport
from provena_sdk.transport.policy import RetryPolicy

CLOSED = "127.0.0.1:9"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper() in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "the name is not known"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "the name could not be looked up"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "the connection was refused"),
        (OSError(errno.EHOSTUNREACH, "x"), "there is no route to it"),
        (OSError(errno.ENETUNREACH, "x"), "there is no route to it"),
        (TimeoutError(), "the connection timed out"),
        (ConnectionResetError(), "the connection broke"),
        (
            OSError(f"Multiple exceptions: [Errno {errno.ECONNREFUSED}] a, [Errno 1] b"),
            "the connection was refused",
        ),
        (ExceptionGroup("all", [OSError(errno.ENETUNREACH, "x")]), "there is no route to it"),
        (ValueError("hush"), None),
    ],
)
def test_the_cause_in_plain_words(error: Exception, words: str | None) -> None:
    assert why(error) == words
    outer = RuntimeError("hush")
    outer.__cause__ = error
    assert why(outer) == words


def test_the_place_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    assert where("https://me:hush@[::2]:8443/hush?hush#hush") == "[::2]:8443"
    monkeypatch.setenv("https_proxy", "http://me:hush@proxy.test:3128")
    assert where("https://example.org/hush") == "example.org through the proxy proxy.test:3128"
    assert where("https://127.0.0.1/hush") == "127.0.0.1"
    monkeypatch.setenv("no_proxy", "example.org")
    assert where("https://example.org") == "example.org"


def test_what_a_proxy_answered() -> None:
    assert proxy_status(httpx.ProxyError("407 Proxy Authentication Required")) == "the proxy answered 407"
    assert proxy_status(OSError("Tunnel connection failed: 403 no")) == "the proxy answered 403"
    assert proxy_status(OSError("hush")) is None


async def reach(client: Any) -> None:
    asked = client.datastore.check_access()
    if inspect.isawaitable(asked):
        await asked


@pytest.mark.parametrize("face", [Provena, AsyncProvena])
async def test_a_service_that_is_not_there(face: Any) -> None:
    place = Deployment("example.org", datastore=f"http://{CLOSED}/hush")
    client = face(place, access_token="hush", max_retries=0)
    with pytest.raises(ConnectionFailed) as caught:
        await reach(client)
    assert str(caught.value).startswith(
        f"The datastore service at {CLOSED} could not be reached: the connection was refused. Check"
    )
    assert "hush" not in str(caught.value)


def unknown(*arguments: Any, **options: Any) -> Any:
    """Look up a host name, in vain."""
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize("face", [Provena, AsyncProvena])
async def test_a_service_whose_name_is_not_known(face: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    client = face("no-such-host.invalid", access_token="hush", max_retries=0)
    with pytest.raises(
        ConnectionFailed,
        match=r"service at data-api\.no-such-host\.invalid could not be reached: the name is not known\.",
    ):
        await reach(client)


@pytest.mark.parametrize("service", ["registry", "auth", "job", "prov"])
def test_a_service_at_another_url_than_the_usual_one(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    deployment = Deployment("no-such-host.invalid")
    transport = Transport(deployment, NoTokens(), Options(retry=RetryPolicy(max_retries=0)))
    with pytest.raises(ConnectionFailed) as caught:
        transport.run(call(getattr(catalogue, service).HEALTH_CHECK()))
    assert str(caught.value) == (
        f"The {service} service at {service}-api.no-such-host.invalid could not be reached: the name is not known. "
        f"Check the network, the proxy settings and the URL, which {service}_url changes."
    )


class NoTokens:
    """A source of tokens that must not be asked."""

    def current(self) -> Secret | None:
        raise AssertionError("a token was asked for")

    def token(self) -> Secret:
        raise AssertionError("a token was asked for")

    def renew(self, rejected: Secret) -> Secret:
        raise AssertionError("a token was asked for")


@pytest.mark.parametrize("service", ["registry", "auth", "job", "prov"])
def test_a_service_that_a_deployment_lacks_is_named_before_anything_is_sent(service: str) -> None:
    words = "provenance" if service == "prov" else service
    changes: dict[str, Any] = {f"{service}_url": None}
    transport = Transport(replace(Deployment("example.org"), **changes), NoTokens())
    operations = vars(getattr(catalogue, service)).values()
    operation = next(entry for entry in operations if isinstance(entry, Operation) and entry.needs_token)
    with pytest.raises(ConfigurationError, match=f"has no {words} service.* set {service}_url to its URL"):
        transport.run(call(Call(operation, {"method": "GET", "url": "/"})))


@pytest.mark.parametrize("face", [Provena, AsyncProvena])
async def test_a_proxy_that_is_not_there(face: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", f"http://me:hush@{CLOSED}")
    client = face("example.org", access_token="hush", max_retries=0)
    with pytest.raises(ConnectionFailed) as caught:
        await reach(client)
    assert f"at data-api.example.org through the proxy {CLOSED} could not be reached: the conn" in str(
        caught.value
    )
    assert "hush" not in str(caught.value)


def test_a_sign_in_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    server = SignInServer(f"http://{CLOSED}/realms/hush", sleep=lambda _: None)
    with pytest.raises(ConnectionFailed) as caught:
        server.refresh(Secret("hush"), client_id="x")
    text = str(caught.value)
    assert text.startswith(
        f"The sign-in server at {CLOSED} could not be reached: the connection was refused."
    )
    monkeypatch.setenv("https_proxy", f"http://me:hush@{CLOSED}")
    with pytest.raises(ConnectionFailed) as proxied:
        SignInServer("https://auth.test/realms/hush", sleep=lambda _: None).refresh(
            Secret("hush"), client_id="x"
        )
    told = str(proxied.value)
    assert told.startswith(
        f"The sign-in server at auth.test through the proxy {CLOSED} could not be reached: the connection was refused."
    )
    assert "hush" not in text + told
