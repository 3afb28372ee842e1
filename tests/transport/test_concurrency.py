"""Many threads, many loops, clients closed too early, and calls given up."""

from __future__ import annotations

import asyncio
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from provena_api.models import QueryResults

from provena_sdk import errors
from provena_sdk.operations.workflow import Workflow, gather
from provena_sdk.secret import Secret
from provena_sdk.transport.http import AsyncTransport, Options, Transport
from provena_sdk.transport.policy import RetryPolicy
from provena_sdk.workflows import search

QUICK = Options(5.0, RetryPolicy(max_retries=0))
STATUS = {"success": True, "details": ""}


@pytest.fixture
def echo(server: Any, reply: Any) -> Any:
    """A server that answers a search with the words searched for as the only hit."""

    def answer(seen: Any) -> Any:
        query = parse_qs(urlsplit(seen.line.split()[1]).query)
        hits = [{"id": word, "score": 1.0} for word in query.get("query", [])]
        return reply({"status": STATUS, "results": hits, "warnings": None, "message": "up"})

    server.default = answer
    return server


def look(word: str) -> Workflow[QueryResults]:
    return search.search_registry(word, 5, None)


def found(result: QueryResults) -> str:
    assert result.results
    return result.results[0].id


def several(words: list[str], limit: int) -> Workflow[list[Any]]:
    return (yield from gather([look(word) for word in words], limit))


def test_threads_share_one_client(echo: Any, tokens: Any, deployment: Callable[[str], Any]) -> None:
    transport = Transport(deployment(echo.url), tokens, QUICK)
    words = [f"word-{number}" for number in range(320)]
    with ThreadPoolExecutor(32) as threads:
        results = list(threads.map(lambda word: found(transport.run(look(word))), words))
    transport.close()
    assert results == words
    assert echo.connections <= 64


def test_tasks_share_one_client(echo: Any, tokens: Any, deployment: Callable[[str], Any]) -> None:
    async def main() -> list[str]:
        transport = AsyncTransport(deployment(echo.url), tokens, QUICK)
        results = await asyncio.gather(*(transport.run(look(word)) for word in words))
        await transport.close()
        return [found(result) for result in results]

    words = [f"word-{number}" for number in range(200)]
    assert asyncio.run(main()) == words
    assert echo.connections <= 64


def test_gathered_workflows_run_at_once_within_their_limit(echo: Any, face: Any, reply: Any) -> None:
    words = [f"word-{number}" for number in range(24)]
    answer = echo.default

    def slowly(seen: Any) -> Any:
        time.sleep(0.02)
        return answer(seen)

    echo.default = slowly
    results = face.run(echo.url, several(words, 8))[0]
    assert [found(result) for result in results] == words
    assert echo.most_in_flight <= 8
    assert echo.most_in_flight >= 4


def test_a_gathered_failure_is_an_outcome(echo: Any, face: Any) -> None:
    results = face.run(echo.url, several(["one", "", "three"], 2))[0]
    assert found(results[0]) == "one"
    assert isinstance(results[1], errors.InvalidArgument)
    assert found(results[2]) == "three"
    assert face.run(echo.url, several([], 2))[0] == []


def test_two_loops_with_a_client_each(echo: Any, tokens: Any, deployment: Callable[[str], Any]) -> None:
    async def main(word: str) -> list[str]:
        transport = AsyncTransport(deployment(echo.url), tokens, QUICK)
        try:
            return [found(await transport.run(look(f"{word}-{number}"))) for number in range(20)]
        finally:
            await transport.close()

    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(lambda word: asyncio.run(main(word)), ["a", "b"]))
    assert results == [[f"{word}-{number}" for number in range(20)] for word in "ab"]


def test_one_client_refuses_a_second_loop(echo: Any, tokens: Any, deployment: Callable[[str], Any]) -> None:
    transport = AsyncTransport(deployment(echo.url), tokens, QUICK)
    with asyncio.Runner() as first, asyncio.Runner() as second:
        assert found(first.run(transport.run(look("one")))) == "one"
        with pytest.raises(errors.ClosedError, match="another event loop"):
            second.run(transport.run(look("two")))
        assert found(first.run(transport.run(look("three")))) == "three"
        first.run(transport.close())


def test_a_closed_client_says_so(echo: Any, tokens: Any, deployment: Callable[[str], Any]) -> None:
    transport = Transport(deployment(echo.url), tokens, QUICK)
    view = transport.with_options(QUICK)
    transport.run(look("one"))
    transport.close()
    transport.close()
    for closed in (transport, view):
        with pytest.raises(errors.ClosedError):
            closed.run(look("two"))
        with pytest.raises(errors.ClosedError):
            closed.run(several(["two"], 1))
        with pytest.raises(errors.ClosedError):
            closed.submit(lambda: None)


async def test_a_closed_awaiting_client_says_so(
    echo: Any, tokens: Any, deployment: Callable[[str], Any]
) -> None:
    transport = AsyncTransport(deployment(echo.url), tokens, QUICK)
    view = transport.with_options(QUICK)
    await transport.run(look("one"))
    await transport.close()
    await transport.close()
    for closed in (transport, view):
        with pytest.raises(errors.ClosedError):
            await closed.run(look("two"))
        with pytest.raises(errors.ClosedError):
            await closed.run(several(["two"], 1))


def work_on(transport: Transport, told: list[BaseException]) -> None:
    """Send requests until there is an error."""
    try:
        while True:
            transport.run(look("x"))
            transport.run(several(["y"] * 40, 40))
    except BaseException as error:
        told.append(error)


def test_closing_in_the_middle_of_work_gives_errors_of_ours(
    echo: Any, tokens: Any, deployment: Callable[[str], Any]
) -> None:
    """Threads that are at it when the client is closed, and work that still waits for a thread."""
    for _ in range(5):
        transport = Transport(deployment(echo.url), tokens, QUICK)
        told: list[BaseException] = []

        threads = [threading.Thread(target=work_on, args=(transport, told)) for _ in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(0.05)
        transport.close()
        for thread in threads:
            thread.join(10)
            assert not thread.is_alive()
        assert len(told) == 8
        assert [error for error in told if not isinstance(error, errors.ProvenaError)] == []


async def test_closing_gives_errors_of_ours_to_tasks_as_well(
    echo: Any, tokens: Any, deployment: Callable[[str], Any]
) -> None:
    transport = AsyncTransport(deployment(echo.url), tokens, QUICK)

    async def work() -> None:
        while True:
            await transport.run(look("x"))

    tasks = [asyncio.create_task(work()) for _ in range(8)]
    await asyncio.sleep(0.05)
    await transport.close()
    told = await asyncio.gather(*tasks, return_exceptions=True)
    assert [error for error in told if not isinstance(error, errors.ProvenaError)] == []


async def test_blocking_calls_work_inside_a_running_loop(
    echo: Any, tokens: Any, deployment: Callable[[str], Any]
) -> None:
    transport = Transport(deployment(echo.url), tokens, QUICK)
    assert found(transport.run(look("one"))) == "one"
    assert [found(result) for result in transport.run(several(["a", "b"], 2))] == ["a", "b"]
    transport.close()


class WaitingTokens:
    """Waits for the caller's loop, as for a person who signs in."""

    def __init__(self) -> None:
        self.asked: queue.SimpleQueue[threading.Event] = queue.SimpleQueue()
        self.threads: set[str] = set()

    def current(self) -> Secret | None:
        return None

    def token(self) -> Secret:
        self.threads.add(threading.current_thread().name)
        signed_in = threading.Event()
        self.asked.put(signed_in)
        assert signed_in.wait(10), "the loop stands still"
        return Secret("slow-token")

    def renew(self, rejected: Secret) -> Secret:
        return self.token()


async def test_the_loop_goes_on_while_somebody_signs_in(
    echo: Any, reply: Any, deployment: Callable[[str], Any]
) -> None:
    tokens = WaitingTokens()
    transport = AsyncTransport(deployment(echo.url), tokens, QUICK)
    echo.script.append(reply({"detail": "Not authenticated"}, 401, {"WWW-Authenticate": "Bearer"}))
    work = asyncio.create_task(transport.run(look("one")))
    signed_in = 0
    while not work.done():
        await asyncio.sleep(0.005)
        while not tokens.asked.empty():
            tokens.asked.get().set()
            signed_in += 1
    assert found(await work) == "one"
    await transport.close()
    assert signed_in == 2
    assert threading.current_thread().name not in tokens.threads


async def give_up(work: Coroutine[Any, Any, Any], sent: Callable[[], bool]) -> None:
    """Cancel the work once its requests have arrived; a fixed time would be too short on a busy machine."""
    task = asyncio.create_task(work)
    async with asyncio.timeout(20):
        while not sent():  # noqa: ASYNC110  reason= the server counts on another thread
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_call_can_be_given_up_and_the_client_used_again(
    echo: Any, tokens: Any, reply: Any, deployment: Callable[[str], Any]
) -> None:
    echo.script.append(reply(hold=True))
    transport = AsyncTransport(deployment(echo.url), tokens, Options(30.0))
    await give_up(transport.run(look("one")), lambda: len(echo.seen) == 1)
    assert found(await transport.run(look("two"))) == "two"
    assert len(echo.seen) == 2
    await transport.close()


async def test_gathered_calls_can_be_given_up(
    echo: Any, tokens: Any, reply: Any, deployment: Callable[[str], Any]
) -> None:
    echo.script += [reply(hold=True)] * 4
    transport = AsyncTransport(deployment(echo.url), tokens, Options(30.0))
    await give_up(transport.run(several(["a", "b", "c", "d"], 4)), lambda: len(echo.seen) == 4)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert found(await transport.run(look("e"))) == "e"
    await transport.close()


def test_options_of_a_view_are_its_own(echo: Any, tokens: Any, deployment: Callable[[str], Any]) -> None:
    transport = Transport(deployment(echo.url), tokens, QUICK)
    view = transport.with_options(transport.options.changed(0.5, 7))
    assert (view.options.timeout, view.options.retry.max_retries) == (0.5, 7)
    assert (transport.options.timeout, transport.options.retry.max_retries) == (5.0, 0)
    assert view.options.changed(None, None) == view.options
    for client in (transport, view, transport):
        client.run(look("one"))
    assert echo.connections == 1
    transport.close()


def test_closing_ends_a_wait_before_another_try(
    echo: Any, reply: Any, tokens: Any, deployment: Callable[[str], Any]
) -> None:
    """Else the program, which waits for the client's threads, ends only after the wait."""
    echo.script += [reply({"detail": "slower"}, status=429, headers={"Retry-After": "100"})]
    transport = Transport(deployment(echo.url), tokens, Options(5.0))
    page = transport.submit(lambda: transport.run(look("one")))
    while not echo.seen:
        time.sleep(0.01)
    time.sleep(0.2)  # for the answer to arrive
    transport.close()
    with pytest.raises(errors.ClosedError):
        page.result(timeout=10)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_makes_connections_of_its_own(
    echo: Any, tokens: Any, deployment: Callable[[str], Any]
) -> None:
    """On the parent's connection each would read the other's answers."""
    transport = Transport(deployment(echo.url), tokens, QUICK)
    assert found(transport.run(look("parent"))) == "parent"
    transport.run(several(["a", "b"], 2))
    before = echo.connections
    child = os.fork()
    if child == 0:
        code = 1
        signal.alarm(20)  # a child that waits for its parent's threads would wait for ever
        try:
            told = [found(transport.run(look("child")))]
            told += [found(result) for result in transport.run(several(["c", "d"], 2))]
            transport.close()
            code = 0 if told == ["child", "c", "d"] else 2
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert echo.connections > before
    made = echo.connections
    assert found(transport.run(look("parent again"))) == "parent again"
    assert echo.connections == made
    transport.close()
