"""What a probe says of servers that answer what nobody expects."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from provena_sdk.diagnosis.collect import _within
from provena_sdk.net.probe import probe

GOOD = b'{"info": {"version": "1.2"}, "paths": {"/a": {}}}'


class Server(ThreadingHTTPServer):
    body = b""
    asked: list[str]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as running:
        running.asked = []
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "body",
    [b"[]", b'"x"', b"{}", b"null", b'{"info": []}', b'{"info": {"version": 1}}', b"\xff", b"[" * 1_000_000],
    ids=lambda body: repr(body[:12]),
)
def test_an_interface_that_is_none_hides_nothing_else(server: Server, body: bytes) -> None:
    server.body = body
    found = probe(
        f"http://127.0.0.1:{server.server_port}/", ca_file=None, timeout=5, document="/openapi.json"
    )
    assert found.status == 200
    assert found.dns == "127.0.0.1"
    assert found.answer.startswith("200 in ")
    assert found.interface.startswith("unreadable")
    assert len(found.interface) < 120


def test_odd_paths_are_no_paths(server: Server) -> None:
    server.body = b'{"info": {"version": "1"}, "paths": 3}'
    found = probe(
        f"http://127.0.0.1:{server.server_port}/", ca_file=None, timeout=5, document="/openapi.json"
    )
    assert found.interface == "1, 0 paths"


def test_the_interface_is_below_the_path(server: Server) -> None:
    server.body = GOOD
    for path in ("", "/", "/data-api", "/data-api/"):
        url = f"http://127.0.0.1:{server.server_port}{path}"
        assert probe(url, ca_file=None, timeout=5, document="/openapi.json").interface == "1.2, 1 paths"
    below = "/data-api/openapi.json"
    assert server.asked[1::2] == ["/openapi.json", "/openapi.json", below, below]


def test_who_raises_keeps_nobody_waiting() -> None:
    def failing() -> int:
        raise TypeError("odd")

    found = _within(60, {"failing": failing, "good": lambda: 1})
    assert found["good"] == 1
    assert isinstance(found["failing"], TypeError)
