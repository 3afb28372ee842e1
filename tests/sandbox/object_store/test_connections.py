from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

from provena_sdk.sandbox.object_store import ObjectStore

BUCKET = "reef"


async def answers(reader: asyncio.StreamReader, *methods: str) -> list[tuple[int, dict[str, str], bytes]]:
    found = []
    for method in methods:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(first.split()[1])
        length = 0 if method == "HEAD" or status in (100, 204, 304) else int(headers["content-length"])
        found.append((status, headers, await reader.readexactly(length)))
    return found


def request(running: Any, method: str, path: str, data: bytes = b"", **headers: str) -> bytes:
    lines = running.signed(method, path, data=data) | headers
    lines["Host"] = running.server.url.removeprefix("http://")
    if data:
        lines.setdefault("Content-Length", str(len(data)))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + data


async def test_one_connection_serves_many_requests_in_order(running: Any) -> None:
    running.store.put(BUCKET, "small", b"s")
    running.store.put(BUCKET, "large", b"L" * 3_000_000)
    reader, writer = await running.connect()
    writer.write(
        request(running, "GET", running.path("large"))
        + request(running, "HEAD", running.path("large"))
        + request(running, "PUT", running.path("new"), b"x" * 100_000)
        + request(running, "GET", running.path("new"))
        + request(running, "GET", running.path("missing"))
        + request(running, "DELETE", running.path("new"))
        + request(running, "GET", running.path("small"))
    )
    found = await answers(reader, "GET", "HEAD", "PUT", "GET", "GET", "DELETE", "GET")
    assert [status for status, _, _ in found] == [200, 200, 200, 200, 404, 204, 200]
    assert found[0][2] == b"L" * 3_000_000
    assert found[1][1]["content-length"] == "3000000"
    assert found[3][2] == b"x" * 100_000
    assert found[6][2] == b"s"
    assert "content-length" not in found[5][1]
    writer.close()
    assert running.server.activity.in_flight == 0


async def test_a_request_may_come_byte_by_byte(running: Any) -> None:
    reader, writer = await running.connect()
    for byte in request(running, "PUT", running.path("x"), b"data"):
        writer.write(bytes([byte]))
        await writer.drain()
    ((status, _, _),) = await answers(reader, "PUT")
    assert status == 200
    assert running.store.get(BUCKET, "x") == b"data"
    writer.close()


async def test_chunked_request_bodies(running: Any) -> None:
    path = running.path("x")
    head = request(running, "PUT", path, b"hello", **{"Transfer-Encoding": "chunked"})
    head = head.removesuffix(b"hello").replace(b"Content-Length: 5\r\n", b"")
    reader, writer = await running.connect()
    writer.write(head + b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")
    ((status, _, _),) = await answers(reader, "PUT")
    assert (status, running.store.get(BUCKET, "x")) == (200, b"hello")
    writer.close()


async def test_the_body_is_asked_for_only_when_the_request_is_good(running: Any) -> None:
    good = request(running, "PUT", running.path("x"), b"data", Expect="100-continue")
    reader, writer = await running.connect()
    writer.write(good.removesuffix(b"data"))
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"data")
    ((status, _, _),) = await answers(reader, "PUT")
    assert status == 200
    writer.close()

    bad = good.replace(b"Signature=", b"Signature=0").removesuffix(b"data")
    reader, writer = await running.connect()
    writer.write(bad)
    ((status, headers, _),) = await answers(reader, "PUT")
    assert (status, headers["connection"]) == (400, "close")
    assert await reader.read() == b""
    writer.close()


async def test_a_refused_body_is_read_over(running: Any) -> None:
    running.store.put(BUCKET, "x", b"old")
    wrong = request(running, "PUT", running.path("x"), b"data" * 50_000).replace(
        b"X-Amz-Date: 2", b"X-Amz-Date: 1"
    )
    reader, writer = await running.connect()
    writer.write(wrong + request(running, "GET", running.path("x")))
    (refused, read) = await answers(reader, "PUT", "GET")
    assert (refused[0], read[0], read[2]) == (400, 200, b"old")
    writer.close()


async def test_what_is_not_http_is_refused(running: Any) -> None:
    for nonsense in (b"hello\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"y" * 70_000 + b"\r\n\r\n"):
        reader, writer = await running.connect()
        writer.write(nonsense)
        ((status, headers, _),) = await answers(reader, "GET")
        assert (status, headers["connection"]) == (400, "close")
        writer.close()


async def test_connection_close_is_honoured(running: Any) -> None:
    running.store.put(BUCKET, "x", b"L" * 2_000_000)
    reader, writer = await running.connect()
    writer.write(request(running, "GET", running.path("x"), Connection="close"))
    data = await reader.read()
    assert b"connection: close\r\n" in data
    assert data.endswith(b"L" * 2_000_000)
    writer.close()


async def test_an_upload_that_breaks_off_leaves_nothing(tmp_path: Path, start: Any) -> None:
    running = await start(ObjectStore(tmp_path, memory_per_object=1000))
    head = request(running, "PUT", running.path("x"), b"y" * 100_000)
    _, writer = await running.connect()
    writer.write(head[:-10])
    await writer.drain()
    for _ in range(200):
        if any(tmp_path.iterdir()):  # noqa: ASYNC240
            break
        await asyncio.sleep(0.01)
    writer.close()
    for _ in range(200):
        if not any(tmp_path.iterdir()):  # noqa: ASYNC240
            break
        await asyncio.sleep(0.01)
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240
    assert not running.store.exists(BUCKET, "x")


async def test_a_slow_reader_does_not_fill_memory(running: Any) -> None:
    for n in range(4):
        running.store.put(BUCKET, str(n), bytes(1 << 20))
    _, writer = await running.connect()
    writer.transport.pause_reading()
    one = b"".join(request(running, "GET", running.path(str(n))) for n in range(4))
    writer.write(one * 50)
    await asyncio.sleep(0.2)
    (connection,) = running.server.activity.connections
    assert connection._transport.get_write_buffer_size() < 2 << 20
    assert not connection._transport.is_reading()
    writer.transport.abort()


async def test_closing_the_server_ends_connections(running: Any) -> None:
    running.store.put(BUCKET, "x", bytes(900_000))
    reader, writer = await running.connect()
    writer.write(request(running, "GET", running.path("x")))
    await reader.readexactly(100)
    await asyncio.wait_for(running.server.close(), 2)
    host, port = running.server.url.removeprefix("http://").split(":")
    with socket.socket() as probe:
        assert probe.connect_ex((host, int(port))) != 0
    writer.close()


async def test_requests_are_recorded(running: Any) -> None:
    running.store.put(BUCKET, "x", b"data")
    seen: list[str] = []
    running.server.activity.on_request = lambda record: seen.append(record.operation)
    await running.signed_raw("GET", running.path("x"), {"Range": "bytes=0-1"})
    await running.signed_raw("GET", running.path("y"))
    await running.signed_raw("GET", f"/{BUCKET}?list-type=2")
    first, second, third = running.server.requests
    assert tuple(first) == ("GET", "GetObject", BUCKET, "x", "bytes=0-1", 206, 0)
    assert (second.status, third.operation) == (404, "ListObjectsV2")
    assert seen == ["GetObject", "GetObject", "ListObjectsV2"]
    assert running.server.activity.peak_in_flight == 1


async def test_a_bug_in_a_handler_is_a_500_and_is_logged(running: Any, monkeypatch: Any, caplog: Any) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(running.store, "find", broken)
    answer = await running.signed_raw("GET", running.path("x"))
    assert (answer.status, b"<Code>InternalError</Code>" in answer.body, b"boom" in answer.body) == (
        500,
        True,
        False,
    )
    assert "boom" in caplog.text
