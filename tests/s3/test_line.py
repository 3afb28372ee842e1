"""The bytes that move are counted, and no more move per second than the limit allows."""

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.s3.http.http1 import Limits, Wire
from provena_sdk.s3.http.line import Line
from provena_sdk.s3.http.pace import LeastRate
from provena_sdk.secret import Secret

GET = Secret("GET / HTTP/1.1\r\nhost: h\r\n\r\n")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_line_without_limit_only_counts() -> None:
    line = Line()
    line.sent(5)
    assert (line.received(10), line.reserve(5), line.moved, line.chunk_bytes) == (0.0, 0.0, 15, None)


@given(
    st.floats(1000, 1e9),
    st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.floats(0, 1)), min_size=1, max_size=200),
)
def test_connections_that_wait_as_asked_keep_to_the_limit(
    limit: float, turns: list[tuple[int, bool, float]]
) -> None:
    clock = Clock()
    line = Line(limit, clock)
    assert line.chunk_bytes is not None
    free_at = [clock.now] * 4
    moves: list[tuple[float, int]] = []
    for connection, reads, share in turns:
        clock.now = max(clock.now, free_at[connection])
        count = max(1, int(share * line.chunk_bytes))
        wait = line.received(count) if reads else line.reserve(count)
        moves.append((clock.now if reads else clock.now + wait, count))
        free_at[connection] = clock.now + wait
    moves.sort()
    burst = limit * 0.05 + 5 * line.chunk_bytes
    for first, (begun, _) in enumerate(moves):
        moved = 0
        for at, count in moves[first:]:
            moved += count
            assert moved <= (at - begun) * limit + burst + 1


def test_what_was_not_used_is_not_saved_up() -> None:
    clock = Clock()
    line = Line(1000.0, clock)
    clock.now += 3600
    assert line.received(50) == pytest.approx(0.0)
    assert line.received(1000) == pytest.approx(1.0)


def test_sending_waits_for_the_bytes_before_but_not_for_its_own() -> None:
    line = Line(1000.0, Clock())
    line.received(50)
    assert line.reserve(500) == pytest.approx(0.0)
    assert line.reserve(500) == pytest.approx(0.5)


@pytest.mark.parametrize(("limit", "chunk"), [(1000.0, 2048), (1e6, 100_000), (1e9, 256 * 1024)])
def test_chunks_last_a_tenth_of_a_second(limit: float, chunk: int) -> None:
    assert Line(limit).chunk_bytes == chunk


def test_the_next_request_waits_until_its_answer_could_be_read() -> None:
    line = Line(1000.0, Clock())
    assert line.delay() == 0.0
    line.received(50 + 600)
    assert line.delay() == pytest.approx(0.5)
    assert Line().delay() == 0.0


@pytest.mark.parametrize(("limit", "ahead"), [(None, None), (1000.0, 16_384), (5e6, 150_000), (1e9, None)])
def test_the_system_receives_little_ahead(limit: float | None, ahead: int | None) -> None:
    assert Line(limit).ahead_bytes == ahead


class Paused(asyncio.Transport):
    """A transport that records when reading is paused."""

    def __init__(self) -> None:
        super().__init__()
        self.reading = True
        self.resumed = asyncio.Event()
        self.sent = 0
        self.all_sent = asyncio.Event()

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True
        self.resumed.set()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += len(data)
        if self.sent >= 250_000:
            self.all_sent.set()

    def abort(self) -> None: ...

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0


async def test_reading_pauses_while_the_limit_is_reached_and_no_longer() -> None:
    loop, pipe = asyncio.get_running_loop(), Paused()
    clock = Clock()
    line = Line(1_000_000.0, clock)
    wire = Wire(loop)
    wire.connection_made(pipe)
    limits = Limits(10_000_000, 100, 5.0, 5.0, LeastRate(1000.0, 60.0), line=line)
    request = asyncio.ensure_future(wire.exchange(GET, None, limits, bodiless=False))
    await asyncio.sleep(0)
    begun = wire.deadline
    for piece in (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x" * 60_000):
        room = wire.get_buffer(-1)
        assert len(room) <= 100_000
        room[: len(piece)] = piece
        wire.buffer_updated(len(piece))
    assert not pipe.reading
    # The pause is not held against the store.
    assert wire.deadline > begun + 0.009
    await pipe.resumed.wait()
    assert pipe.reading
    request.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await request
    assert line.moved == 60_000 + 43


async def test_a_long_body_is_sent_in_chunks_that_wait() -> None:
    pipe, line = Paused(), Line(1_000_000.0)
    wire = Wire(asyncio.get_running_loop())
    wire.connection_made(pipe)
    limits = Limits(1000, 100, 5.0, 5.0, line=line)
    body = memoryview(bytes(250_000))
    request = asyncio.ensure_future(wire.exchange(GET, body, limits, bodiless=False))
    await asyncio.sleep(0)
    assert pipe.sent <= 100_100
    await pipe.all_sent.wait()
    assert line.moved == 250_000
    room = wire.get_buffer(-1)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    room[: len(answer)] = answer
    wire.buffer_updated(len(answer))
    assert (await request).status == 200
