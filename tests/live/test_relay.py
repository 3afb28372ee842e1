"""The relay that tests and benchmarks put in front of a server."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from scripts.live.relay import Relay, relay

BODY = bytes(range(256)) * 4096


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def between() -> Iterator[Relay]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever).start()
        with relay(server.server_port) as made:
            yield made
        server.shutdown()


def test_every_answer_on_a_connection_is_delayed_and_arrives_whole(between: Relay) -> None:
    between.delay = 0.05
    connection = http.client.HTTPConnection(between.url.removeprefix("http://"))
    began = time.monotonic()
    for _ in range(3):
        connection.request("PUT", "/", BODY)
        assert connection.getresponse().read() == BODY
    assert time.monotonic() - began >= 3 * between.delay
    connection.close()
    deadline = time.monotonic() + 20  # the relay counts bytes after it has passed them on
    while between.received < 3 * len(BODY) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert 3 * len(BODY) < between.sent < 3 * len(BODY) + 1000
    assert 3 * len(BODY) < between.received < 3 * len(BODY) + 1000


def test_100_continue_is_not_delayed(between: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("scripts.live.relay.time.sleep", waited.append)
    between.delay = 0.05
    connection = http.client.HTTPConnection(between.url.removeprefix("http://"))
    connection.putrequest("PUT", "/")
    connection.putheader("Expect", "100-continue")
    connection.putheader("Content-Length", str(len(BODY)))
    connection.endheaders()
    assert connection.sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert waited == []
    connection.send(BODY)
    assert connection.getresponse().read() == BODY
    assert waited == [between.delay]
    connection.close()
