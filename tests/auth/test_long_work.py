"""Half an hour of work with tokens of 20 seconds, the clock compressed: no call fails, and nobody is asked again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from provena_sdk import AsyncProvena, Deployment, Provena
from provena_sdk.auth import Prompt, TokenSource, token_source
from provena_sdk.sandbox import Sandbox

WORKERS = 4
HALF_AN_HOUR = 1800.0
STEP = 0.5  # seconds that pass with each call

pytestmark = pytest.mark.slow


class Once:
    """Approves the first sign-in, and fails at a second."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._asked = False

    def show(self, prompt: Prompt) -> None:
        assert not self._asked, "a second sign-in was started"
        self._asked = True
        self._sandbox.approve(prompt.user_code, "writer")

    def waiting(self, seconds_left: float) -> None:
        pass

    def finished(self, username: str | None, *, signed_in: bool) -> None:
        pass

    def confirm(self, question: str) -> bool | None:
        raise AssertionError(question)

    def say(self, text: str) -> None:
        raise AssertionError(text)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(access_token_seconds=20, refresh_token_seconds=600, poll_interval=1) as made:
        made.clock.freeze()
        yield made


@pytest.fixture
def tokens(sandbox: Sandbox) -> TokenSource:
    source = token_source(
        Deployment.from_env(sandbox.environment()),
        interactive=True,
        present=Once(sandbox),
        clock=sandbox.clock.now,
        sleep=sandbox.advance,
    )
    source.sign_in()
    sandbox.requests.clear()
    return source


def check(sandbox: Sandbox, calls: int) -> None:
    """Every call worked at the first try, and each token served for about its first half."""
    reads = [exchange.status for exchange in sandbox.requests if "check-access" in exchange.path]
    renewals = [exchange.status for exchange in sandbox.requests if exchange.path.endswith("/token")]
    assert reads.count(200) == calls
    assert set(renewals) == {200}
    assert HALF_AN_HOUR / 20 < len(renewals) <= HALF_AN_HOUR / 9
    assert len(reads) - calls <= calls * 0.01, "401s that were cured by a retry"


def test_blocking(sandbox: Sandbox, tokens: TokenSource) -> None:
    until = sandbox.clock.now() + HALF_AN_HOUR

    def work(provena: Provena) -> int:
        calls = 0
        while sandbox.clock.now() < until:
            assert provena.datastore.check_access("read").username == "writer"
            sandbox.advance(STEP)
            calls += 1
        return calls

    with (
        Provena(Deployment.from_env(sandbox.environment()), tokens=tokens, max_retries=0) as provena,
        ThreadPoolExecutor(WORKERS) as threads,
    ):
        done = [threads.submit(work, provena) for _ in range(WORKERS)]
        calls = sum(worker.result() for worker in done)
    assert calls >= HALF_AN_HOUR / STEP
    check(sandbox, calls)


async def test_awaiting(sandbox: Sandbox, tokens: TokenSource) -> None:
    until = sandbox.clock.now() + HALF_AN_HOUR

    async def work(provena: AsyncProvena) -> int:
        calls = 0
        while sandbox.clock.now() < until:
            assert (await provena.datastore.check_access("read")).username == "writer"
            sandbox.advance(STEP)
            calls += 1
        return calls

    deployment = Deployment.from_env(sandbox.environment())
    async with AsyncProvena(deployment, tokens=tokens, max_retries=0) as provena:
        calls = sum(await asyncio.gather(*(work(provena) for _ in range(WORKERS))))
    assert calls >= HALF_AN_HOUR / STEP
    check(sandbox, calls)
