"""Whoever awaits a sign-in may stop waiting: then nobody is asked any longer."""

from __future__ import annotations

import asyncio
import queue
import threading
import time

import pytest

from provena_sdk.auth.flows import DeviceFlow
from provena_sdk.auth.prompts.prompt import Prompt
from provena_sdk.auth.server import SignInServer
from provena_sdk.auth.source import TokenSource
from provena_sdk.auth.tokens import SessionKey
from provena_sdk.concurrency.background import Abandoned, on_thread, stop_if_abandoned
from provena_sdk.sandbox import Sandbox


class Watched:
    """A presenter that notes what it was told."""

    def __init__(self) -> None:
        self.shown = threading.Event()
        self.done = threading.Event()
        self.signed_in: bool | None = None

    def show(self, prompt: Prompt) -> None:
        self.shown.set()

    def waiting(self, seconds_left: float) -> None:
        pass

    def finished(self, username: str | None, *, signed_in: bool) -> None:
        self.signed_in = signed_in
        self.done.set()

    def confirm(self, question: str) -> bool | None:
        return None

    def say(self, text: str) -> None:
        pass


async def test_a_cancelled_sign_in_asks_nobody_any_longer(provena_sandbox: Sandbox) -> None:
    watched = Watched()
    # A wait of its own that takes no time, so that the test takes none either.
    server = SignInServer(provena_sandbox.issuer_url, sleep=lambda seconds: time.sleep(seconds / 50))
    key = SessionKey(provena_sandbox.issuer_url, "provena", "client-tools", "default")
    flow = DeviceFlow(server, key, deployment="here", interactive=True, present=watched)
    source = TokenSource(flow)
    # The second task joins the first one's flight, and must not begin another when that one stops.
    tasks = [asyncio.create_task(on_thread(source.token)) for _ in range(2)]
    assert await asyncio.to_thread(watched.shown.wait, 10)
    watched.shown.clear()
    for task in tasks:
        task.cancel()
    assert all(
        isinstance(end, asyncio.CancelledError)
        for end in await asyncio.gather(*tasks, return_exceptions=True)
    )
    assert await asyncio.to_thread(watched.done.wait, 10), "the wait goes on although nobody waits for it"
    assert watched.signed_in is False
    assert not watched.shown.is_set()


async def test_only_the_cancelled_caller_is_abandoned() -> None:
    seen: queue.Queue[str] = queue.Queue()
    asked, answered = threading.Event(), threading.Event()

    def work(name: str) -> None:
        asked.set()
        answered.wait(10)
        try:
            stop_if_abandoned()
            seen.put(name)
        except Abandoned:
            seen.put(f"{name} stopped")

    first = asyncio.create_task(on_thread(work, "first"))
    second = asyncio.create_task(on_thread(work, name="second"))
    assert await asyncio.to_thread(asked.wait, 10)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    answered.set()
    await second
    assert sorted([seen.get(timeout=10), seen.get(timeout=10)]) == ["first stopped", "second"]


def test_nobody_has_gone_where_nobody_awaits() -> None:
    stop_if_abandoned()
