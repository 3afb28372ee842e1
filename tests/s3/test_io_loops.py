"""Requests that carry much: spread over threads, written while they arrive, and given up without a trace."""

import asyncio
import os
import random
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.errors import IntegrityError
from provena_sdk.s3.client import ObjectClient
from provena_sdk.s3.http.io_loops import IoLoops
from provena_sdk.sandbox.object_store import ObjectFault, ObjectFaultKind, Server

Make = Callable[..., ObjectClient]
Put = Callable[[dict[str, bytes]], None]
DATA = random.Random(6).randbytes(3_000_000)


class Sink:
    """Keeps what arrives, and in which threads."""

    def __init__(self, error: Exception | None = None) -> None:
        self.held = bytearray()
        self.calls = 0
        self.threads: set[str] = set()
        self.error = error
        self.taking = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def take(self, data: memoryview) -> None:
        self.threads.add(threading.current_thread().name)
        self.taking.set()
        self.calls += 1
        assert self.go_on.wait(10)
        if self.error is not None:
            raise self.error
        self.held += data


@pytest.fixture
def io_loops() -> Iterator[IoLoops]:
    """IoLoops of one transfer."""
    made = IoLoops()
    yield made
    made.close()


def alive() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("provena-io_")]


def test_large_requests_are_spread_over_threads(client: ObjectClient, put: Put, io_loops: IoLoops) -> None:
    put({"a": DATA})
    sinks = [Sink() for _ in range(8)]

    async def all_at_once() -> None:
        await asyncio.gather(
            *(client.get("a", size=len(DATA), into=sink, io_loops=io_loops) for sink in sinks)
        )

    run_sync(all_at_once())
    assert all(sink.held == DATA for sink in sinks)
    assert {name for sink in sinks for name in sink.threads} == {
        f"provena-io_{number}" for number in range(len(io_loops._io_loops))
    }
    assert all(io_loop.running == 0 for io_loop in io_loops._io_loops)


def test_threads_end_with_their_transfer(client: ObjectClient, put: Put) -> None:
    put({"a": DATA})
    before = set(alive())
    io_loops = IoLoops()
    run_sync(client.get("a", size=len(DATA), into=Sink(), io_loops=io_loops))
    begun = set(alive()) - before
    assert len(begun) >= 2
    io_loops.close()
    for thread in begun:
        thread.join(10)
        assert not thread.is_alive()


def test_a_disk_that_hangs_stops_its_own_transfer_only(make: Make, put: Put, io_loops: IoLoops) -> None:
    put({"a": DATA})
    hung, other = make(), make()
    sinks, taking = [Sink() for _ in range(8)], threading.Event()
    for sink in sinks:
        sink.taking = taking
        sink.go_on.clear()

    async def work() -> None:
        waiting = [
            asyncio.ensure_future(hung.get("a", size=len(DATA), into=sink, io_loops=io_loops))
            for sink in sinks
        ]
        assert await asyncio.to_thread(taking.wait, 10)
        async with asyncio.timeout(10):
            assert (await other.get("a", size=len(DATA))).data == DATA
            own = IoLoops()
            taken = Sink()
            await other.get("a", size=len(DATA), into=taken, io_loops=own)
            assert taken.held == DATA
            own.close()
            await other.close()
        for sink in sinks:
            sink.go_on.set()
        await asyncio.gather(*waiting)

    run_sync(work())
    assert all(sink.held == DATA for sink in sinks)


def test_a_slow_disk_is_not_taken_for_a_line_that_stands_still(
    make: Make, put: Put, io_loops: IoLoops
) -> None:
    put({"a": DATA})
    client = make(idle=0.2)

    class Slow(Sink):
        def take(self, data: memoryview) -> None:
            time.sleep(0.05)
            super().take(data)

    sinks = [Slow() for _ in range(12)]

    async def work() -> None:
        await asyncio.gather(
            *(client.get("a", size=len(DATA), into=sink, io_loops=io_loops) for sink in sinks)
        )

    run_sync(work())


@pytest.mark.parametrize("threads", [0, 1])
def test_fewer_threads_than_wanted_will_do(
    client: ObjectClient, put: Put, io_loops: IoLoops, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    """None can be begun while the interpreter ends, and few where a container limits them."""
    put({"a": DATA})
    run_sync(client.head("a"))
    begin, begun = threading.Thread.start, 0

    def start(thread: threading.Thread) -> None:
        nonlocal begun
        if begun >= threads:
            raise RuntimeError("can't start new thread")
        begun += 1
        begin(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    sink = Sink()
    run_sync(client.get("a", size=len(DATA), into=sink, io_loops=io_loops))
    assert sink.held == DATA
    assert len(io_loops._io_loops) == threads


def test_what_arrives_is_not_held_in_memory_and_its_state_is_told(
    client: ObjectClient, put: Put, io_loops: IoLoops
) -> None:
    put({"a": DATA})
    sink = Sink()
    received = run_sync(client.get("a", span=(5, 2_000_000), size=len(DATA), into=sink, io_loops=io_loops))
    assert (bytes(received.data), received.state.size) == (b"", len(DATA))
    assert sink.held == DATA[5:2_000_005]


@pytest.mark.parametrize("kind", ["truncate", "reset"])
def test_each_attempt_asks_for_the_rest(
    client: ObjectClient, put: Put, server: Server, io_loops: IoLoops, kind: ObjectFaultKind
) -> None:
    put({"a": DATA})
    server.faults.add(ObjectFault(kind=kind, operation="GetObject", after_bytes=1_000_000, times=2))
    sink, before = Sink(), len(server.requests)
    received = run_sync(client.get("a", size=len(DATA), into=sink, io_loops=io_loops))
    assert sink.held == DATA
    assert received.state.size == len(DATA)
    ranges = [record.range for record in list(server.requests)[before:]]
    assert ranges == ["", "bytes=1000000-2999999", "bytes=2000000-2999999"]


@pytest.mark.parametrize(
    "error", [OSError(28, "full"), TimeoutError("the disk"), ConnectionResetError(), ValueError()]
)
def test_what_the_receiver_raises_arrives_as_it_is_and_is_not_tried_again(
    client: ObjectClient, put: Put, io_loops: IoLoops, error: Exception
) -> None:
    put({"a": DATA})
    sink = Sink(error)
    with pytest.raises(type(error)) as caught:
        run_sync(client.get("a", size=len(DATA), into=sink, io_loops=io_loops))
    # asyncio copies its own kinds.
    assert (type(caught.value), str(caught.value)) == (type(error), str(error))
    assert sink.calls == 1


def test_another_object_is_no_success(client: ObjectClient, put: Put, io_loops: IoLoops) -> None:
    put({"a": DATA})
    for size in (len(DATA) - 1, len(DATA) + 1):
        with pytest.raises(IntegrityError):
            run_sync(client.get("a", size=size, into=Sink(), io_loops=io_loops))


def test_a_caller_that_gives_up_waits_until_nothing_is_taken_any_more(
    client: ObjectClient, put: Put, io_loops: IoLoops
) -> None:
    put({"a": DATA})
    sink = Sink()
    sink.go_on.clear()

    async def give_up() -> int:
        getting = asyncio.ensure_future(client.get("a", size=len(DATA), into=sink, io_loops=io_loops))
        assert await asyncio.to_thread(sink.taking.wait, 10)
        getting.cancel()
        asyncio.get_running_loop().call_later(0.2, sink.go_on.set)
        with pytest.raises(asyncio.CancelledError):
            await getting
        assert sink.go_on.is_set()
        held = len(sink.held)
        await asyncio.sleep(0.05)
        return len(sink.held) - held

    assert run_sync(give_up()) == 0
    assert all(io_loop.running == 0 for io_loop in io_loops._io_loops)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_has_lanes_of_its_own(client: ObjectClient, put: Put, io_loops: IoLoops) -> None:
    put({"a": DATA})
    run_sync(client.get("a", size=len(DATA), into=Sink(), io_loops=io_loops))
    child = os.fork()
    if child == 0:
        sink = Sink()
        run_sync(client.get("a", size=len(DATA), into=sink, io_loops=io_loops))
        os._exit(0 if sink.held == DATA else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    run_sync(client.get("a", size=len(DATA), into=Sink(), io_loops=io_loops))
