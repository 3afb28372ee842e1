"""Answers of a sign-in server that is broken or hostile: too slow, too long, or of other types than promised."""

from __future__ import annotations

import gzip
import itertools
import json
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from provena_sdk.auth.errors import Refusal
from provena_sdk.auth.http import MOST_BYTES
from provena_sdk.auth.server import SignInServer
from provena_sdk.auth.tokens import Tokens
from provena_sdk.errors import (
    ConfigurationError,
    ConnectionFailed,
    EndpointNotFound,
    RateLimited,
    RequestTimedOut,
    SignInError,
    UnreadableAnswer,
)
from provena_sdk.secret import Secret

Serve = Callable[[Iterable[bytes]], SignInServer]
TOKENS = {"access_token": "a-token", "token_type": "Bearer", "expires_in": 300, "refresh_token": "r-token"}


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server that sends the given pieces to whoever connects, one every 50 ms."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()
    pieces: list[Iterable[bytes]] = []

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                for piece in pieces[0]:
                    try:
                        connection.sendall(piece)
                    except OSError:
                        break
                    if ended.wait(0.05):
                        return

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def start(given: Iterable[bytes]) -> SignInServer:
        pieces[:] = [given]
        issuer = f"http://127.0.0.1:{listener.getsockname()[1]}/realms/x"
        return SignInServer(issuer, discovery=False, timeout=(1.0, 0.5), sleep=lambda _: None)

    yield start
    ended.set()
    # Only this wakes a thread that waits for a connection.
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def refreshed(server: SignInServer) -> Tokens | Refusal:
    return server.refresh(Secret("r-token"), client_id="x")


class Drip:
    """A beginning, and then the same few bytes for ever; anew for each connection."""

    def __init__(self, start: bytes, piece: bytes) -> None:
        self._start, self._piece = start, piece

    def __iter__(self) -> Iterator[bytes]:
        return itertools.chain([self._start], itertools.repeat(self._piece))


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    ],
    ids=["a header", "announcements", "a body", "chunks", "a body without end"],
)
def test_an_answer_that_drips_is_given_up(serve: Serve, start: bytes, piece: bytes) -> None:
    begun = time.monotonic()
    with pytest.raises(RequestTimedOut, match="did not answer in time"):
        refreshed(serve(Drip(start, piece)))
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize("piece", [b"HTTP/1.1 200 ", b"X: y\r\n"], ids=["a status", "headers"])
def test_a_proxy_that_drips_is_given_up(serve: Serve, monkeypatch: pytest.MonkeyPatch, piece: bytes) -> None:
    start = b"" if piece.startswith(b"HTTP") else b"HTTP/1.1 200 OK\r\n"
    through = serve(Drip(start, piece)).issuer.removesuffix("/realms/x")
    monkeypatch.setenv("https_proxy", through)
    monkeypatch.delenv("no_proxy", raising=False)
    server = SignInServer(
        "https://auth.test/realms/x", discovery=False, timeout=(0.5, 0.5), sleep=lambda _: None
    )
    begun = time.monotonic()
    with pytest.raises(ConnectionFailed):
        refreshed(server)
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize("size", [b"-2", b"-0x10", b"many", b"9" * 5000, b"1_0", b"0x"])
def test_a_chunk_that_has_no_size_is_refused(serve: Serve, size: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with pytest.raises((UnreadableAnswer, ConnectionFailed)):
        refreshed(serve([head + size + b"\r\n{}\r\n0\r\n\r\n"]))


@pytest.mark.parametrize("url", ["https://x.test:99999/t", "https://x.test:-1/", "https://x.test:a/"])
def test_published_addresses_without_a_port_that_can_be_are_refused(serve: Serve, url: str) -> None:
    server = serve([])
    document = {"issuer": server.issuer, "token_endpoint": url}
    listening = serve([answer(json.dumps(document).encode())])
    with pytest.raises(ConfigurationError, match="token must be an https URL"):
        refreshed(SignInServer(listening.issuer, sleep=lambda _: None))


@pytest.mark.parametrize("status", ["200 OK", "302 Found", "400 Bad Request"])
@pytest.mark.parametrize("coding", ["", "gzip", "br", "deflate, gzip"])
def test_no_answer_fills_the_memory(serve: Serve, status: str, coding: str) -> None:
    body = bytes(40 * MOST_BYTES)
    packed = answer(
        gzip.compress(body, 1) if coding else body[: 2 * MOST_BYTES],
        *([f"Content-Encoding: {coding}"] if coding else []),
        "Location: /elsewhere",
        status=status,
    )
    del body
    server = serve([packed])
    tracemalloc.start()
    try:
        with pytest.raises((UnreadableAnswer, EndpointNotFound)) as caught:
            refreshed(server)
        assert tracemalloc.get_traced_memory()[1] < 8 * MOST_BYTES
    finally:
        tracemalloc.stop()
    if status == "200 OK":
        assert ("longer than 1 MiB" if coding in ("", "gzip") else "compression") in str(caught.value)


@pytest.mark.parametrize("charset", ["idna", "no-such-charset", "utf-16", "utf-7", "rot13", "base64", '"'])
def test_an_answer_is_utf_8_whatever_it_says(serve: Serve, charset: str) -> None:
    body = json.dumps({**TOKENS, "scope": "ü"}, ensure_ascii=False).encode()
    found = refreshed(serve([answer(body, f"Content-Type: application/json; charset={charset}")]))
    assert isinstance(found, Tokens)
    assert found.access_token.reveal() == "a-token"


def test_a_gzipped_answer_is_read(serve: Serve) -> None:
    packed = gzip.compress(b"\xef\xbb\xbf" + json.dumps(TOKENS).encode())
    assert isinstance(refreshed(serve([answer(packed, "Content-Encoding: gzip")])), Tokens)


@pytest.mark.parametrize(
    ("fields", "expires"),
    [
        ({"scope": 5}, True),
        ({"scope": ["a"], "token_type": "BEARER"}, True),
        ({"expires_in": float("inf")}, False),
        ({"expires_in": float("nan")}, False),
        ({"expires_in": True}, False),
        ({"expires_in": "300"}, True),
        ({"expires_in": "٣"}, False),
        ({"expires_in": "1_0"}, False),
        ({"expires_in": {}}, False),
        ({"expires_in": 10**300}, False),
        ({"expires_in": -5}, True),
        ({"refresh_expires_in": float("-inf"), "refresh_token": 5}, True),
        ({"error": 5, "error_description": []}, True),
    ],
)
def test_fields_of_other_types_count_as_absent(serve: Serve, fields: dict[str, Any], expires: bool) -> None:
    found = refreshed(serve([answer(json.dumps({**TOKENS, **fields}).encode())]))
    assert isinstance(found, Tokens)
    assert (found.expires_at is not None) is expires
    assert found.refresh_expires_at is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"access_token": "a", "expires_in": 1e400}',
        b'{"access_token": "a", "token_type": null}',
        b'{"access_token": "a", "token_type": 5}',
        b'{"access_token": "a b"}',
        b'{"access_token": "a\\ud800"}',
        b'{"access_token": "a\\r\\nx: y"}',
        b'{"access_token": ["a"]}',
        b'{"access_token": ""}',
        b"{}",
        b'{"access_token": "a", "expires_in": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b"\xff\xfe{}",
    ],
)
def test_an_answer_without_a_token_that_can_be_sent(serve: Serve, body: bytes) -> None:
    server = serve([answer(body)])
    if b"1e400" in body:
        assert isinstance(refreshed(server), Tokens)
        return
    with pytest.raises((SignInError, UnreadableAnswer)) as caught:
        refreshed(server)
    assert type(caught.value) in (SignInError, UnreadableAnswer)


@pytest.mark.parametrize("wait", ["²", "٣", "1e400", "9" * 5000, "-1", "soon", "Thu, 99 Foo 0000"])
def test_a_wait_that_makes_no_sense_counts_as_absent(serve: Serve, wait: str) -> None:
    limited = answer(b"", status="429 Too Many Requests").decode()
    head = limited.replace("\r\n\r\n", f"\r\nRetry-After: {wait}\r\n\r\n")
    with pytest.raises(RateLimited) as caught:
        refreshed(serve([head.encode()]))
    assert caught.value.retry_after is None


@pytest.mark.parametrize("location", ["http://[", "//\xff\xfe", "http://x\x00y/", "\ud83d"])
def test_where_a_redirect_leads_is_not_read(serve: Serve, location: str) -> None:
    head = f"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {location}\r\n\r\n"
    with pytest.raises((EndpointNotFound, ConnectionFailed)):
        refreshed(serve([head.encode("latin-1", "ignore")]))
