"""Credentials are asked for once, renewed in time, and never written anywhere."""

import asyncio
import copy
import os
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from provena_sdk.datasets.credentials import Access, CredentialsSource
from provena_sdk.errors import DatasetAccessDenied, Forbidden, RoleMissing, ServiceError
from provena_sdk.s3.credentials import Credentials
from provena_sdk.secret import Secret


class Datastore:
    """Grants credentials by a clock that a test turns."""

    def __init__(self, lifetime: float = 1000.0, delay: float = 0.0) -> None:
        self.now = 1_000_000.0
        self.lifetime = lifetime
        self.delay = delay
        self.calls: list[tuple[str, Access]] = []
        self.failure: Exception | None = None

    def clock(self) -> float:
        return self.now

    def __call__(self, dataset_id: str, access: Access) -> Credentials:
        self.calls.append((dataset_id, access))
        time.sleep(self.delay)
        if self.failure is not None:
            raise self.failure
        expiry = datetime.fromtimestamp(self.now + self.lifetime, UTC)
        return Credentials(f"id-{len(self.calls)}", "the-secret", "the-token", expiry)


def source_of(datastore: Datastore) -> CredentialsSource:
    return CredentialsSource(datastore, clock=datastore.clock)


def test_asked_once_for_each_dataset_and_access() -> None:
    datastore = Datastore()
    source = source_of(datastore)
    first = source.get("a", Access.READ)
    assert source.get("a", Access.READ) is first
    assert source.get("a", Access.WRITE) is not first
    source.get("b", Access.READ)
    assert datastore.calls == [("a", Access.READ), ("a", Access.WRITE), ("b", Access.READ)]


def test_many_threads_and_tasks_share_one_flight() -> None:
    datastore = Datastore(delay=0.1)
    source = source_of(datastore)
    start = threading.Barrier(33)

    def by_thread() -> Credentials:
        start.wait()
        return source.get("a", Access.READ)

    def by_tasks() -> list[Credentials]:
        async def many() -> list[Credentials]:
            return await asyncio.gather(*(source.get_async("a", Access.READ) for _ in range(50)))

        start.wait()
        return asyncio.run(many())

    with ThreadPoolExecutor(33) as pool:
        tasks = pool.submit(by_tasks)
        threads = [pool.submit(by_thread) for _ in range(32)]
        found = {id(future.result()) for future in threads} | {id(one) for one in tasks.result()}
    assert len(found) == 1
    assert len(datastore.calls) == 1


async def test_one_waiter_giving_up_leaves_the_others() -> None:
    datastore = Datastore(delay=0.1)
    source = source_of(datastore)
    impatient = asyncio.create_task(source.get_async("a", Access.READ))
    patient = asyncio.create_task(source.get_async("a", Access.READ))
    await asyncio.sleep(0.02)
    impatient.cancel()
    assert (await patient).access_key_id.reveal() == "id-1"


async def test_the_event_loop_is_not_blocked() -> None:
    source = source_of(Datastore(delay=0.2))
    waiting = asyncio.create_task(source.get_async("a", Access.READ))
    ticks = 0
    while not waiting.done():
        await asyncio.sleep(0.01)
        ticks += 1
    assert ticks > 5


@pytest.mark.parametrize(("lifetime", "still_good", "renewed"), [(28_800, 28_499, 28_501), (5, 3.9, 4.1)])
def test_renewed_before_expiry(lifetime: float, still_good: float, renewed: float) -> None:
    datastore = Datastore(lifetime)
    source = source_of(datastore)
    first = source.get("a", Access.READ)
    datastore.now += still_good
    assert source.get("a", Access.READ) is first
    datastore.now += renewed - still_good
    assert source.get("a", Access.READ).access_key_id.reveal() == "id-2"


def test_a_failed_renewal_is_tried_again_while_the_old_ones_are_good() -> None:
    datastore = Datastore(1000)
    source = source_of(datastore)
    first = source.get("a", Access.READ)
    datastore.failure = ConnectionError("down")
    datastore.now += 900
    assert source.get("a", Access.READ) is first
    assert source.get("a", Access.READ) is first
    assert len(datastore.calls) == 2
    datastore.now += 31
    assert source.get("a", Access.READ) is first
    assert len(datastore.calls) == 3
    datastore.now += 100
    with pytest.raises(ConnectionError, match="down"):
        source.get("a", Access.READ)


def test_what_the_datastore_says_reaches_the_caller_and_is_not_kept() -> None:
    datastore = Datastore()
    source = source_of(datastore)
    datastore.failure = Forbidden("Released.", operation="credentials", status=403)
    with pytest.raises(Forbidden):
        source.get("a", Access.WRITE)
    datastore.failure = None
    assert source.get("a", Access.WRITE).access_key_id.reveal() == "id-2"


def test_asking_anew_asks_although_there_are_good_ones() -> None:
    datastore = Datastore()
    source = source_of(datastore)
    first = source.get("a", Access.WRITE)
    asyncio.run(source.ask_anew("a", Access.WRITE))
    assert source.get("a", Access.WRITE) is not first
    assert len(datastore.calls) == 2
    datastore.failure = ConnectionError("down")
    held = source.get("a", Access.WRITE)
    with pytest.raises(ConnectionError):
        asyncio.run(source.ask_anew("a", Access.WRITE))
    assert source.get("a", Access.WRITE) is held


@pytest.mark.parametrize("kind", [Forbidden, DatasetAccessDenied, RoleMissing])
def test_what_is_granted_no_more_is_used_no_more(kind: type[ServiceError]) -> None:
    datastore = Datastore()
    source = source_of(datastore)
    source.get("a", Access.WRITE)
    datastore.failure = kind("Released.", operation="credentials", status=403)
    with pytest.raises(kind):
        asyncio.run(source.ask_anew("a", Access.WRITE))
    with pytest.raises(kind):
        source.get("a", Access.WRITE)
    datastore.failure = None
    source.get("a", Access.WRITE)
    datastore.now += datastore.lifetime - 1
    datastore.failure = kind("Released.", operation="credentials", status=403)
    with pytest.raises(kind):
        source.get("a", Access.WRITE)


def test_discarding_forgets_only_those_that_were_refused() -> None:
    datastore = Datastore()
    source = source_of(datastore)
    first = source.get("a", Access.READ)
    source.discard("a", Access.READ, first)
    second = source.get("a", Access.READ)
    assert second is not first
    source.discard("a", Access.READ, first)
    assert source.get("a", Access.READ) is second


def test_a_wrong_clock_does_not_ask_for_every_request() -> None:
    datastore = Datastore(lifetime=-3600)
    source = source_of(datastore)
    assert source.get("a", Access.READ) is source.get("a", Access.READ)


def test_nothing_shows_or_pickles_a_secret() -> None:
    source = CredentialsSource(grant)
    held = source.get("a", Access.READ)
    shown = repr(held) + str(held) + repr(source) + f"{held}"
    for secret in ("id-1", "the-secret", "the-token"):
        assert secret not in shown
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(held)
    with pytest.raises(TypeError, match="never pickled"):
        copy.deepcopy(held)
    pickled = pickle.dumps(source)
    assert b"the-" not in pickled
    assert pickle.loads(pickled).get("a", Access.READ).session_token == Secret("the-token")


def grant(dataset_id: str, access: Access) -> Credentials:
    return Credentials("id-1", "the-secret", "the-token", datetime(2100, 1, 1, tzinfo=UTC))


def test_expiry_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Credentials("id", "secret", "token", datetime(2100, 1, 1))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_in_the_middle_of_a_flight_does_not_hang_the_child() -> None:
    datastore = Datastore(delay=0.3)
    source = source_of(datastore)
    waiting = threading.Thread(target=source.get, args=("a", Access.READ))
    waiting.start()
    while not datastore.calls:
        time.sleep(0.01)
    child = os.fork()
    if child == 0:
        datastore.delay = 0.0
        os._exit(0 if source.get("a", Access.READ).access_key_id.reveal() == "id-2" else 1)
    _, status = os.waitpid(child, 0)
    waiting.join()
    assert os.waitstatus_to_exitcode(status) == 0


def test_what_is_forgotten_is_asked_for_anew() -> None:
    datastore = Datastore()
    source = source_of(datastore)
    for access in Access:
        source.get("a", access)
    source.get("b", Access.READ)
    source.forget("a")
    for access in Access:
        source.get("a", access)
    source.get("b", Access.READ)
    assert [dataset for dataset, _ in datastore.calls] == ["a", "a", "b", "a", "a"]


def test_what_was_asked_for_before_does_not_count_afterwards() -> None:
    datastore = Datastore(delay=0.3)
    source = source_of(datastore)
    source.begin("a", Access.WRITE)
    while not datastore.calls:
        time.sleep(0.01)
    source.forget("a")
    datastore.failure = Forbidden("A release is pending.", operation="x", status=403)
    with pytest.raises(Forbidden):
        source.get("a", Access.WRITE)
    assert not source.was_granted("a", Access.WRITE, 60)


def test_how_long_ago_something_was_granted() -> None:
    datastore = Datastore()
    source = source_of(datastore)
    assert not source.was_granted("a", Access.WRITE, 60)
    source.get("a", Access.WRITE)
    for moved, granted in ((0, True), (59, True), (2, False), (-3600, False)):
        datastore.now += moved
        assert source.was_granted("a", Access.WRITE, 60) is granted
