"""HTTP as the wire reads it, from servers that keep to it and from others."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_sdk.s3.http import http1
from provena_sdk.s3.http.http1 import (
    SCRATCH_BYTES,
    Limits,
    NotTaken,
    Receiver,
    Reply,
    Stalled,
    Wire,
    WireError,
    head_of,
)
from provena_sdk.secret import Secret

LIMITS = Limits(body=10_000_000, refusal=100, idle=5.0, answer=5.0)
GET = Secret("GET / HTTP/1.1\r\nhost: h\r\n\r\n")
Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


class Pipe(asyncio.Transport):
    """A transport that keeps what is written, and lets a test be the server."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = bytearray()
        self.unsent = 0
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += data

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def get_write_buffer_size(self) -> int:
        return self.unsent


def deliver(wire: Wire, data: bytes) -> None:
    """Hand some bytes over as asyncio does."""
    while data and not wire.transport.is_closing():
        room = wire.get_buffer(-1)
        size = min(len(room), len(data))
        room[:size] = data[:size]
        wire.buffer_updated(size)
        data = data[size:]


def answered(
    pieces: list[bytes], *, closed: bool = False, bodiless: bool = False, limits: Limits = LIMITS
) -> Reply:
    """Return what the wire makes of an answer that arrives in pieces."""
    return both(pieces, closed=closed, bodiless=bodiless, limits=limits)[0]


def both(
    pieces: list[bytes],
    *,
    closed: bool = False,
    bodiless: bool = False,
    limits: Limits = LIMITS,
    into: Receiver | None = None,
) -> tuple[Reply, bool]:
    """Return what the wire makes of an answer, and whether it can be used again."""

    async def run() -> tuple[Reply, bool]:
        wire = Wire(asyncio.get_running_loop())
        wire.connection_made(Pipe())
        request = asyncio.ensure_future(wire.exchange(GET, None, limits, bodiless=bodiless, into=into))
        await asyncio.sleep(0)
        for piece in pieces:
            if request.done() or wire._stage.name == "ENDED":
                break
            deliver(wire, piece)
        if closed:
            wire.connection_lost(None)
        return await asyncio.wait_for(request, 1), wire.idle

    return asyncio.run(run())


def head(*lines: str, status: str = "200 OK", version: str = "1.1") -> bytes:
    return "\r\n".join([f"HTTP/{version} {status}", *lines, "", ""]).encode()


MEASURED = head("Content-Length: 11", 'ETag: "e"', "X-One: a", "X-One: b") + b"hello world"
CHUNKED = head("Transfer-Encoding: chunked") + b"5\r\nhello\r\n6;name=x\r\n world\r\n0\r\nTrailer: t\r\n\r\n"
ANNOUNCED = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"


@pytest.mark.parametrize(
    "whole", [MEASURED, CHUNKED, ANNOUNCED + MEASURED, ANNOUNCED + CHUNKED], ids=range(4)
)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_an_answer_is_the_same_however_it_is_cut(whole: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(whole) - 1), max_size=8)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    reply, reusable = both(pieces)
    assert (reply.status, bytes(reply.data), reply.whole) == (200, b"hello world", True)
    assert reusable


def test_headers_have_lower_case_names_and_those_that_came_twice_are_joined() -> None:
    assert answered([MEASURED]).headers == {"content-length": "11", "etag": '"e"', "x-one": "a, b"}


def test_large_bodies_arrive() -> None:
    body = bytes(range(256)) * 4096
    reply = answered([head(f"Content-Length: {len(body)}") + body[:1000], body[1000:70_000], body[70_000:]])
    assert reply.data == body
    reply.data.append(1)  # nothing holds on to it


class Bucket:
    """Keeps what it is given, unless it is to fail after some bytes."""

    def __init__(self, fails_after: int | None = None) -> None:
        self.begun = 0
        self.held = bytearray()
        self.largest = 0
        self.fails_after = fails_after

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.begun += 1
        self.held.clear()

    def take(self, data: memoryview) -> None:
        self.held += data
        self.largest = max(self.largest, len(data))
        if self.fails_after is not None and len(self.held) > self.fails_after:
            raise ValueError("full")


@settings(max_examples=40, deadline=None)
@given(data=st.data(), size=st.sampled_from([1, 1000, 70_000, 2_097_151, 2_097_153, 5_000_000]))
def test_a_receiver_takes_a_body_however_it_is_cut(data: st.DataObject, size: int) -> None:
    body = (bytes(range(251)) * (size // 251 + 1))[:size]
    whole = head(f"Content-Length: {size}") + body
    cuts = sorted(data.draw(st.sets(st.integers(1, len(whole) - 1), max_size=8)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    bucket = Bucket()
    reply, reusable = both(pieces, into=bucket)
    assert (reply.status, bytes(reply.data), reply.whole, reply.taken) == (200, b"", True, size)
    assert (bytes(bucket.held), bucket.begun, reusable) == (body, 1, True)
    assert bucket.largest <= 2_097_152


@pytest.mark.parametrize(
    ("answer", "closed"),
    [(MEASURED, False), (CHUNKED, False), (head() + b"hello world", True)],
    ids=["measured", "chunked", "until closed"],
)
def test_a_receiver_takes_every_kind_of_body(answer: bytes, closed: bool) -> None:
    bucket = Bucket()
    reply, _ = both([answer], closed=closed, into=bucket)
    assert (bytes(bucket.held), bytes(reply.data), reply.taken) == (b"hello world", b"", 11)


@pytest.mark.parametrize(
    "answer",
    [
        head("Content-Length: 4", status="404 Not Found") + b"gone",
        head("Content-Length: 10000001") + b"x",
    ],
    ids=["refusal", "too long"],
)
def test_a_receiver_takes_nothing_else(answer: bytes) -> None:
    bucket = Bucket()
    reply, _ = both([answer], into=bucket)
    assert (bucket.begun, reply.taken) == (0, 0)


def test_what_a_receiver_took_before_does_not_count_when_nothing_comes() -> None:
    bucket = Bucket()
    bucket.held += b"of the attempt before"
    reply, _ = both([head("Content-Length: 0")], into=bucket)
    assert (bytes(bucket.held), bucket.begun, reply.taken) == (b"", 1, 0)


@pytest.mark.parametrize("size", [20, 1_000_000])
@pytest.mark.parametrize("fails_after", [0, 600_000])
def test_a_receiver_that_fails_ends_the_exchange(size: int, fails_after: int) -> None:
    bucket = Bucket(fails_after)
    pieces = [head(f"Content-Length: {size}") + bytes(min(size, 10)), bytes(max(size - 10, 0))]
    if size < fails_after:
        assert both(pieces, into=bucket)[0].taken == size
        return
    with pytest.raises(NotTaken) as caught:
        both(pieces, into=bucket)
    assert isinstance(caught.value.error, ValueError)


@pytest.mark.parametrize(
    ("answer", "options", "body", "reusable"),
    [
        (head("Content-Length: 5"), {"bodiless": True}, b"", True),
        (head(status="204 No Content"), {}, b"", True),
        (head("Content-Length: 0"), {}, b"", True),
        (head("Content-Length: 2", "Connection: close") + b"ab", {}, b"ab", False),
        (head("Content-Length: 2", version="1.0") + b"ab", {}, b"ab", False),
        (head("Content-Length: 2") + b"ab and more", {}, b"ab", False),
        (head("Content-Length: 2", "Content-Length: 2") + b"ab", {}, b"ab", True),
        (head() + b"until the end", {"closed": True}, b"until the end", False),
        (head("Transfer-Encoding: chunked", "Content-Length: 9") + b"1\r\na\r\n0\r\n\r\n", {}, b"a", False),
        (head("Transfer-Encoding: chunked") + b"0\r\n\r\n", {}, b"", True),
        (head("Transfer-Encoding: chunked") + b"0\r\n\r\nmore", {}, b"", False),
    ],
    ids=range(11),
)
def test_where_bodies_end(answer: bytes, options: dict[str, bool], body: bytes, reusable: bool) -> None:
    reply, idle = both([answer], **options)  # type: ignore[arg-type]  # flags of the test
    assert (bytes(reply.data), idle) == (body, reusable)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"\0" * SCRATCH_BYTES,
        head("No colon"),
        head(": no name"),
        head("Name : value"),
        head(" folded: line"),
        head("Content-Length: -1"),
        head("Content-Length: 1", "Content-Length: 2"),
        head("Content-Length: 1,1"),
        head("Content-Length: ١"),
        head("Content-Length: 99999999999999999999"),
        head("Transfer-Encoding: gzip, chunked"),
        head("Transfer-Encoding: chunked") + b"x\r\n",
        head("Transfer-Encoding: chunked") + b"-1\r\n",
        head("Transfer-Encoding: chunked") + b"1\r\nab\r\n",
        head("Transfer-Encoding: chunked") + b"1" * 5000,
        head("Transfer-Encoding: chunked") + b"0\r\n" + b"t" * (SCRATCH_BYTES + 1),
    ],
    ids=range(19),
)
def test_what_is_no_http_is_refused(answer: bytes) -> None:
    with pytest.raises(WireError, match="not HTTP"):
        answered([answer])


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_rubbish_never_counts_as_an_answer(data: bytes) -> None:
    with pytest.raises(WireError):
        answered([data], closed=True)


@pytest.mark.parametrize("whole", [MEASURED, CHUNKED])
@pytest.mark.parametrize("left", [1, 2, 5, 12, 40, -1])
def test_an_answer_that_was_cut_off_never_counts(whole: bytes, left: int) -> None:
    with pytest.raises(WireError, match="closed before"):
        answered([whole[:-left] if left > 0 else b""], closed=True)


@pytest.mark.parametrize(
    "answer",
    [
        head("Content-Length: 101", status="500 X"),
        head("Transfer-Encoding: chunked", status="500 X") + b"65\r\n" + b"x" * 101,
        head(status="500 X") + b"x" * 101,
    ],
    ids=range(3),
)
def test_bodies_that_are_too_long_are_left_out(answer: bytes) -> None:
    reply, reusable = both([answer])
    assert (reply.status, bytes(reply.data), reply.whole, reusable) == (500, b"", False, False)


async def serving(answering: Answering) -> tuple[asyncio.Server, Wire]:
    server = await asyncio.start_server(answering, "127.0.0.1", 0)
    loop = asyncio.get_running_loop()
    port = server.sockets[0].getsockname()[1]
    _, wire = await loop.create_connection(lambda: Wire(loop), "127.0.0.1", port)
    return server, wire


def put(body: bytes | bytearray) -> Secret:
    return head_of("PUT / HTTP/1.1", {"host": "h", "content-length": str(len(body))})


async def test_bodies_are_sent_whole_over_a_slow_reader() -> None:
    body = bytes(range(256)) * 40_000
    got = bytearray()

    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        while len(got) < len(body):
            got.extend(await reader.read(100_000))
            await asyncio.sleep(0)
        writer.write(head("Content-Length: 0"))
        writer.close()

    server, wire = await serving(answering)
    async with server:
        reply = await wire.exchange(put(body), memoryview(body), LIMITS, bodiless=False)
        assert (reply.status, bytes(got)) == (200, body)


async def test_an_early_answer_ends_the_sending_and_the_connection() -> None:
    answered = asyncio.Event()

    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head("Content-Length: 0", status="503 Slow Down"))
        await writer.drain()
        await reader.read(1)
        await answered.wait()
        writer.transport.abort()  # since Python 3.12 the server waits for its connections to end

    server, wire = await serving(answering)
    async with server:
        body = bytearray(50_000_000)
        reply = await wire.exchange(put(body), memoryview(body), LIMITS, bodiless=False)
        assert (reply.status, wire.idle) == (503, False)
        answered.set()


async def test_what_reading_the_body_raises_ends_the_exchange() -> None:
    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def body() -> AsyncIterator[bytes]:
        yield b"some"
        raise KeyError("gone")

    server, wire = await serving(answering)
    async with server:
        with pytest.raises(KeyError):
            await wire.exchange(put(b"12345678"), body(), LIMITS, bodiless=False)
        assert not wire.idle


async def test_a_caller_who_gives_up_leaves_no_connection_in_use() -> None:
    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server, wire = await serving(answering)
    async with server:
        request = asyncio.ensure_future(wire.exchange(GET, None, LIMITS, bodiless=False))
        await asyncio.sleep(0.01)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        assert not wire.idle


async def test_standing_still_is_noticed_and_moving_slowly_is_not() -> None:
    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head("Content-Length: 3"))
        for _ in range(2):
            writer.write(b"x")
            await asyncio.sleep(0.05)
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    server, wire = await serving(answering)
    async with server:
        loop = asyncio.get_running_loop()
        request = asyncio.ensure_future(wire.exchange(GET, None, LIMITS, bodiless=False))
        await asyncio.sleep(0.2)
        wire.check(loop.time() + LIMITS.idle - 1)
        assert not request.done()
        wire.check(loop.time() + LIMITS.idle)
        with pytest.raises(Stalled):
            await request


async def test_a_server_that_speaks_unasked_is_left() -> None:
    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head("Content-Length: 0", status="408 Too Late"))
        await reader.read()
        writer.close()

    server, wire = await serving(answering)
    async with server:
        await asyncio.sleep(0.05)
        assert not wire.idle


def test_a_chunk_of_the_longest_length_may_be_cut_inside_its_last_line_end() -> None:
    pieces = [head("Transfer-Encoding: chunked") + b"5\r\nhello\r", b"\n0\r\n\r\n"]
    reply = answered(pieces, limits=LIMITS._replace(body=5))
    assert (bytes(reply.data), reply.whole) == (b"hello", True)
    assert not answered(pieces, limits=LIMITS._replace(body=4)).whole


async def test_a_body_in_memory_is_counted_while_it_arrives_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1, "_CHUNK_SECONDS", 0.0)
    counted: list[int] = []
    wire = Wire(asyncio.get_running_loop())
    wire.connection_made(Pipe())
    limits = LIMITS._replace(received=counted.append)
    request = asyncio.ensure_future(wire.exchange(GET, None, limits, bodiless=False))
    await asyncio.sleep(0)
    for piece in (head("Content-Length: 11"), b"hello", b" wor", b"ld"):
        deliver(wire, piece)
    assert (bytes((await request).data), counted) == (b"hello world", [5, 9])


async def test_a_body_that_leaves_slowly_does_not_shorten_the_time_for_the_answer() -> None:
    loop = asyncio.get_running_loop()
    wire, pipe = Wire(loop), Pipe()
    wire.connection_made(pipe)
    limits = LIMITS._replace(idle=1.0, answer=100.0)
    request = asyncio.ensure_future(wire.exchange(GET, memoryview(b"x"), limits, bodiless=False))
    await asyncio.sleep(0)
    now = loop.time()
    for unsent in (10, 0):
        pipe.unsent = unsent
        wire.check(now)
    wire.check(now + 50)
    deliver(wire, MEASURED)
    assert (await request).status == 200


async def test_nothing_is_sent_over_a_connection_that_ended_at_once() -> None:
    wire, pipe = Wire(asyncio.get_running_loop()), Pipe()
    wire.connection_made(pipe)
    wire.connection_lost(None)
    with pytest.raises(WireError):
        await asyncio.wait_for(wire.exchange(GET, None, LIMITS, bodiless=False), 1)
    assert not pipe.sent
