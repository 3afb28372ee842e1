from __future__ import annotations

import asyncio
import contextlib
import socket
from urllib.parse import urlsplit

import pytest

from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.http import server as wire
from provena_sdk.sandbox.http.server import Connection, Request, Response, json_response
from provena_sdk.sandbox.object_store import Grants, ObjectStore
from provena_sdk.sandbox.object_store import serve as serve_objects


def talk(url: str, sent: bytes, answers: int = 1) -> bytes:
    """Send raw bytes and read so many whole answers, or what comes until the server hangs up."""
    parts = urlsplit(url)
    received = b""
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        connection.sendall(sent)
        while received.count(b"HTTP/1.1 ") < answers or not _whole(received):
            chunk = connection.recv(65536)
            if not chunk:
                break
            received += chunk
    return received


def _whole(received: bytes) -> bool:
    head, mark, body = received.rpartition(b"HTTP/1.1 ")[2].partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    return bool(mark) and len(body) >= length


def test_requests_may_be_pipelined(sandbox: Sandbox) -> None:
    one, other = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /nope HTTP/1.1\r\nHost: x\r\n\r\n"
    received = talk(sandbox.datastore_url, one + other + one, 3)
    statuses = [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"404", b"200"]


def test_pipelined_requests_keep_their_order_behind_a_slow_one(provena_sandbox: Sandbox) -> None:
    from provena_sdk.sandbox import Fault

    provena_sandbox.faults.add(Fault(latency=0.1))
    one, other = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /nope HTTP/1.1\r\nHost: x\r\n\r\n"
    received = talk(provena_sandbox.datastore_url, one + other, 2)
    assert [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404"]


def test_a_body_may_arrive_in_chunks(sandbox: Sandbox) -> None:
    token = sandbox.access_token("writer")
    head = (
        f"POST /registry/items/list HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    received = talk(sandbox.datastore_url, head.encode() + b'6\r\n{"page\r\nb\r\n_size": -1}\r\n0\r\n\r\n')
    assert received.startswith(b"HTTP/1.1 500 ")
    assert b"valid min value: 1" in received


def test_a_client_that_expects_100_continue_gets_it(sandbox: Sandbox) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    received = talk(sandbox.datastore_url, head + b"{}", 2)
    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 405 ")


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_the_connection_closes_when_the_client_wants_it(sandbox: Sandbox, version: str) -> None:
    head = (
        f"GET / HTTP/{version}\r\nHost: x\r\n"
        + ("Connection: close\r\n" if version == "1.1" else "")
        + "\r\n"
    )
    received = talk(sandbox.datastore_url, head.encode(), 99)
    assert received.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nconnection: close\r\n" in received


def test_malformed_requests_are_refused(sandbox: Sandbox) -> None:
    assert talk(sandbox.datastore_url, b"\x16\x03\x01nonsense\r\n\r\n", 99).startswith(b"HTTP/1.1 400 ")


def test_a_body_too_large_is_refused_and_has_no_effect(
    provena_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "MAX_BODY_BYTES", 10)
    head = b"POST /register/mint-dataset HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    received = talk(provena_sandbox.datastore_url, head + 3 * b"6\r\nxxxxxx\r\n" + b"0\r\n\r\n", 99)
    assert received.startswith(b"HTTP/1.1 413 ")
    assert received.count(b"HTTP/1.1 ") == 1
    assert provena_sandbox.requests == []


async def test_a_handler_that_breaks_answers_500_and_says_why() -> None:
    def broken(request: Request, connection: Connection) -> Response:
        return json_response(1 // len(request.body))

    server = await wire.serve(broken, host="127.0.0.1", port=0, clock=lambda: 0.0)
    try:
        received = await asyncio.to_thread(talk, server.url, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    finally:
        await server.close()
    assert received.startswith(b"HTTP/1.1 500 ")
    assert received.endswith(b"Internal Server Error")
    assert "ZeroDivisionError" in server.crashes[0]


# After three turns of the loop asyncio has accepted the connection, and after four its protocol knows.
@pytest.mark.parametrize("turns", [3, 4, 5])
@pytest.mark.parametrize("kind", ["services", "object store"])
async def test_stopping_ends_connections_that_were_accepted_just_before(kind: str, turns: int) -> None:
    server = await (
        serve_objects(ObjectStore(), Grants())
        if kind == "object store"
        else wire.serve(lambda *_: json_response({}), host="127.0.0.1", port=0, clock=lambda: 0.0)
    )
    parts = urlsplit(server.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        for _ in range(turns):
            await asyncio.sleep(0)
        await asyncio.wait_for(server.close(), 5)
        with contextlib.suppress(ConnectionError):
            assert connection.recv(1) == b""


def test_paths_are_decoded_and_redirects_keep_the_query(sandbox: Sandbox) -> None:
    head = b"GET /registry/items/fetch%2Ddataset/?handle_id=a%2Fb HTTP/1.1\r\nHost: here:1\r\n\r\n"
    received = talk(sandbox.datastore_url, head)
    assert received.startswith(b"HTTP/1.1 307 ")
    assert b"location: http://here:1/registry/items/fetch%2Ddataset?handle_id=a%2Fb\r\n" in received
