"""The servers: one listener for each role, in a process of their own, and what they were asked."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Final, NamedTuple

from scripts.stress.attacks import honest
from scripts.stress.attacks.honest_store import Store
from scripts.stress.attacks.wire import Answer, Asked, Reply, raw

ROLES: Final = ("signin", "datastore", "search", "store", "elsewhere")
_MOST_BODY: Final = 64 * 1024 * 1024
_LISTED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Rule:
    """An answer in place of the honest one.

    Attributes:
        operations: What it answers; see :func:`scripts.stress.attacks.honest.operation`.
        answer: The answer, or what makes it from the request.
        since: The number of the first request that it answers.
        times: How many; None means all that follow.
        role: The server that has to be asked; None means any.
    """

    operations: tuple[str, ...]
    answer: Answer
    since: int = 0
    times: int | None = None
    role: str | None = None

    def applies(self, asked: Asked) -> bool:
        """Whether a request is answered so."""
        later = asked.number - self.since
        return (
            asked.operation in self.operations
            and self.role in (None, asked.role)
            and later >= 0
            and (self.times is None or later < self.times)
        )


class Seen(NamedTuple):
    """What the servers were asked in one case.

    Attributes:
        counts: Requests by operation.
        elsewhere: The requests that reached the server that nobody has any business with.
        first: The first requests of all, as ``METHOD target``.
    """

    counts: dict[str, int]
    elsewhere: list[str]
    first: list[str]


@dataclass
class Peer:
    """All servers of one worker."""

    rules: tuple[Rule, ...] = ()
    store: Store = field(default_factory=Store)
    counts: Counter[str] = field(default_factory=Counter)
    asked: list[Asked] = field(default_factory=list)
    ports: dict[str, int] = field(default_factory=dict)
    _servers: list[asyncio.Server] = field(default_factory=list)

    def begin(self, rules: Iterable[Rule]) -> None:
        """Forget the last case."""
        self.rules = tuple(rules)
        self.store = Store()
        self.counts = Counter()
        self.asked = []

    def seen(self) -> Seen:
        """Say what was asked."""
        elsewhere = [
            f"{one.method} {one.target} {one.headers} {one.body!r}"
            for one in self.asked
            if one.role == "elsewhere"
        ]
        return Seen(dict(self.counts), elsewhere, [f"{one.method} {one.target}" for one in self.asked[:40]])

    async def listen(self) -> None:
        """Open a port for each role."""
        for role in ROLES:
            server = await asyncio.start_server(self._serving(role), "127.0.0.1", 0, limit=1 << 20)
            self._servers.append(server)
            self.ports[role] = server.sockets[0].getsockname()[1]

    def _serving(self, role: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(
                ConnectionError,
                asyncio.IncompleteReadError,
                asyncio.LimitOverrunError,
                asyncio.CancelledError,
            ):
                await self._serve(role, reader, writer)
            writer.close()

        return serve

    async def _serve(self, role: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            asked = self._numbered(await _read(role, reader))
            reply = self._answer(asked)
            for step in reply.steps:
                if isinstance(step, bytes):
                    writer.write(step)
                    await writer.drain()
                else:
                    # A client that leaves is noticed at once, and a pause may be long.
                    with contextlib.suppress(TimeoutError):
                        if not await asyncio.wait_for(reader.read(1), step):
                            return
            if not reply.keep:
                return

    def _numbered(self, asked: Asked) -> Asked:
        number = self.counts[asked.operation]
        self.counts[asked.operation] += 1
        found = Asked(
            asked.role, asked.operation, asked.method, asked.target, asked.headers, asked.body, number
        )
        if len(self.asked) < _LISTED:
            self.asked.append(found)
        return found

    def _answer(self, asked: Asked) -> Reply:
        for rule in self.rules:
            if rule.applies(asked):
                return rule.answer if isinstance(rule.answer, Reply) else rule.answer(asked)
        return self._honest(asked)

    def _honest(self, asked: Asked) -> Reply:
        if asked.role == "store":
            return self.store(asked)
        if asked.role == "signin":
            return honest.sign_in(asked)
        return (
            raw("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            if asked.role == "elsewhere"
            else honest.service(asked)
        )


async def _read(role: str, reader: asyncio.StreamReader) -> Asked:
    text = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "surrogateescape")
    line, *lines = text.removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = line.split(" ", 2)
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)
    }
    body = b""
    if "chunked" in headers.get("transfer-encoding", ""):
        body = await _chunks(reader)
    elif headers.get("content-length"):
        body = await reader.readexactly(min(int(headers["content-length"]), _MOST_BODY))
    asked = Asked(role, "", method, target, headers, body)
    named = honest.operation(role, method, asked.path, asked.query)
    return Asked(role, named, method, target, headers, body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return bytes(body)


def serve(control: Connection, rules_of: Callable[[str, dict[str, int]], Iterable[Rule]]) -> None:
    """Serve until the other end of ``control`` is closed: it names cases, and asks what was seen.

    Args:
        control: Answers ``("begin", name)`` with None and ``("seen",)`` with :class:`Seen`.
        rules_of: The rules of a case, by its name and the ports of the servers.
    """
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    peer = Peer()
    asyncio.run_coroutine_threadsafe(peer.listen(), loop).result()
    control.send(peer.ports)

    async def begin(name: str) -> None:
        peer.begin(rules_of(name, peer.ports))

    async def seen() -> Seen:
        return peer.seen()

    with contextlib.suppress(EOFError, ConnectionError, KeyboardInterrupt):
        while True:
            told, *names = control.recv()
            work = begin(*names) if told == "begin" else seen()
            control.send(asyncio.run_coroutine_threadsafe(work, loop).result())


def free_port() -> int:
    """Find a port at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
