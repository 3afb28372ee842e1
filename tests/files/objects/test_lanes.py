"""Requests that carry much: spread over threads, written while they arrive, and given up without a trace."""

import asyncio
import os
import random
import threading
from collections.abc import Callable

import pytest

from provena_sdk.errors import IntegrityError
from provena_sdk.files import run_sync
from provena_sdk.files.objects import lanes
from provena_sdk.files.objects.client import ObjectClient
from provena_sdk.sandbox.object_store import ObjectFault, ObjectFaultKind, Server

Make = Callable[..., ObjectClient]
Put = Callable[[dict[str, bytes]], None]
DATA = random.Random(6).randbytes(3_000_000)


class Sink:
    """Keeps what arrives, and in which threads."""

    def __init__(self, error: Exception | None = None) -> None:
        self.held = bytearray()
        self.begun = 0
        self.threads: set[str] = set()
        self.error = error
        self.taking = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def begin(self) -> None:
        self.begun += 1
        self.held.clear()

    def take(self, data: memoryview) -> None:
        self.threads.add(threading.current_thread().name)
        self.taking.set()
        assert self.go_on.wait(10)
        if self.error is not None:
            raise self.error
        self.held += data


def test_large_requests_are_spread_over_threads(client: ObjectClient, put: Put) -> None:
    put({"a": DATA})
    sinks = [Sink() for _ in range(8)]

    async def all_at_once() -> None:
        await asyncio.gather(*(client.get("a", size=len(DATA), into=sink) for sink in sinks))

    run_sync(all_at_once())
    assert all(sink.held == DATA for sink in sinks)
    assert {name for sink in sinks for name in sink.threads} == {
        f"provena-lane_{number}" for number in range(len(lanes.lanes()))
    }
    assert all(lane.running == 0 for lane in lanes.lanes())


def test_what_arrives_is_not_held_in_memory_and_its_state_is_told(client: ObjectClient, put: Put) -> None:
    put({"a": DATA})
    sink = Sink()
    received = run_sync(client.get("a", span=(5, 2_000_000), size=len(DATA), into=sink))
    assert (bytes(received.data), received.state.size) == (b"", len(DATA))
    assert sink.held == DATA[5:2_000_005]


@pytest.mark.parametrize("kind", ["truncate", "reset"])
def test_each_attempt_begins_anew(
    client: ObjectClient, put: Put, server: Server, kind: ObjectFaultKind
) -> None:
    put({"a": DATA})
    server.faults.add(ObjectFault(kind=kind, operation="GetObject", after_bytes=1_500_000, times=2))
    sink = Sink()
    run_sync(client.get("a", size=len(DATA), into=sink))
    assert (bytes(sink.held), sink.begun) == (DATA, 3)


@pytest.mark.parametrize(
    "error", [OSError(28, "full"), TimeoutError("the disk"), ConnectionResetError(), ValueError()]
)
def test_what_the_receiver_raises_arrives_as_it_is_and_is_not_tried_again(
    client: ObjectClient, put: Put, error: Exception
) -> None:
    put({"a": DATA})
    sink = Sink(error)
    with pytest.raises(type(error)) as caught:
        run_sync(client.get("a", size=len(DATA), into=sink))
    # asyncio copies its own kinds.
    assert (type(caught.value), str(caught.value)) == (type(error), str(error))
    assert sink.begun == 1


def test_another_object_is_no_success(client: ObjectClient, put: Put) -> None:
    put({"a": DATA})
    for size in (len(DATA) - 1, len(DATA) + 1):
        with pytest.raises(IntegrityError):
            run_sync(client.get("a", size=size, into=Sink()))


def test_a_caller_that_gives_up_waits_until_nothing_is_taken_any_more(client: ObjectClient, put: Put) -> None:
    put({"a": DATA})
    sink = Sink()
    sink.go_on.clear()

    async def give_up() -> int:
        getting = asyncio.ensure_future(client.get("a", size=len(DATA), into=sink))
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
    assert all(lane.running == 0 for lane in lanes.lanes())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_has_lanes_of_its_own(client: ObjectClient, put: Put) -> None:
    put({"a": DATA})
    run_sync(client.get("a", size=len(DATA), into=Sink()))
    child = os.fork()
    if child == 0:
        sink = Sink()
        run_sync(client.get("a", size=len(DATA), into=sink))
        os._exit(0 if sink.held == DATA else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    run_sync(client.get("a", size=len(DATA), into=Sink()))
