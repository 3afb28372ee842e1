"""The connections that all views of one client share, sync and async."""

from __future__ import annotations

import asyncio
import contextlib
import platform
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from provena_sdk._version import __version__
from provena_sdk.concurrency.fork import HomeProcess
from provena_sdk.errors import ClosedError
from provena_sdk.net.bodies import ENCODINGS
from provena_sdk.net.tls import shared_tls_context
from provena_sdk.transport.deadlines import keep_deadlines
from provena_sdk.transport.streams import use_streams

THREADS = 32
STEP_SECONDS = 1.0
CONNECTIONS = 64
EACH = 8
"""Connections of one async HTTP client; with each request, it examines all of them several times over."""

HEADERS = {
    "Accept": "*/*",
    "Connection": "keep-alive",
    "User-Agent": f"provena-sdk/{__version__} python/{platform.python_version()}",
    "Accept-Encoding": ENCODINGS,
}


class Pool:
    """The connections and threads that all views of a sync client share. A pickle holds none of them."""

    def __init__(self, ca_file: str | None = None) -> None:
        self._ca_file = ca_file
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._ended = threading.Event()
        self._process = HomeProcess()
        self._left: object = None
        self.closed = False

    def __reduce__(self) -> tuple[object, ...]:
        return Pool, (self._ca_file,)

    def client(self) -> httpx.Client:
        """Return the HTTP client, created when first needed."""
        self._discard_after_fork()
        if self._client is None or self.closed:
            with self._lock:
                self.refuse_closed()
                if self._client is None:
                    client = httpx.Client(
                        **_client_options(self._ca_file, CONNECTIONS),
                        event_hooks={"response": [_drop_location]},
                    )
                    client._cookies = _NoCookies()
                    keep_deadlines(client)
                    self._client = client
        return self._client

    def threads(self) -> ThreadPoolExecutor:
        """Return the threads for concurrent calls, created when first needed."""
        self._discard_after_fork()
        if self._threads is None or self.closed:
            with self._lock:
                self.refuse_closed()
                if self._threads is None:
                    self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="provena")
        return self._threads

    def _discard_after_fork(self) -> None:
        """Start over in a forked child: connections and threads belong to the parent, whose lock may be held."""
        if self._process.moved():
            self._lock, self._ended = threading.Lock(), threading.Event()
            self._left = (
                self._client,
                self._threads,
            )  # not closed: that would disturb the parent's connections
            self._client = self._threads = None

    def sleep(self, seconds: float) -> None:
        """Wait, but raise ClosedError as soon as the client is closed, so that the program can end."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            # In steps, because a long wait cannot be interrupted on Windows.
            if self._ended.wait(min(left, STEP_SECONDS)):
                self.refuse_closed()

    def refuse_closed(self) -> None:
        """Raise ClosedError if the client is closed."""
        if self.closed:
            raise ClosedError(
                "This client is closed.", hint="Make a new one, or leave the 'with' block later."
            )

    def close(self) -> None:
        """Close the connections, and cancel the calls that wait for a thread."""
        self._discard_after_fork()
        with self._lock:
            self.closed = True
            self._ended.set()
            client, threads = self._client, self._threads
            self._client = self._threads = None
        if threads is not None:
            threads.shutdown(wait=False, cancel_futures=True)
        if client is not None:
            client.close()


class AsyncPool:
    """The connections that all views of an async client share. A pickle holds none of them."""

    def __init__(self, ca_file: str | None = None) -> None:
        self._ca_file = ca_file
        self._clients: list[_Busy] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self.closed = False

    def __reduce__(self) -> tuple[object, ...]:
        return AsyncPool, (self._ca_file,)

    @contextlib.contextmanager
    def client(self) -> Iterator[httpx.AsyncClient]:
        """Lend the HTTP client for one request, created when first needed, for the event loop that first needs it."""
        busy = self._least_busy()
        busy.requests += 1
        try:
            yield busy.client
        finally:
            busy.requests -= 1

    def _least_busy(self) -> _Busy:
        self.refuse_closed()
        if self._loop is not asyncio.get_running_loop():
            if self._clients:
                raise ClosedError(
                    "This client belongs to another event loop.",
                    hint="Make one AsyncProvena for each loop, or use Provena, which needs none.",
                )
            self._loop = asyncio.get_running_loop()
        for busy in self._clients:
            if busy.requests < EACH:
                return busy
        if len(self._clients) * EACH >= CONNECTIONS:
            return min(self._clients, key=lambda busy: busy.requests)
        client = httpx.AsyncClient(
            **_client_options(self._ca_file, EACH), event_hooks={"response": [_drop_location_async]}
        )
        client._cookies = _NoCookies()
        use_streams(client)
        self._clients.append(_Busy(client))
        return self._clients[-1]

    def refuse_closed(self) -> None:
        """Raise ClosedError if the client is closed."""
        if self.closed:
            raise ClosedError(
                "This client is closed.", hint="Make a new one, or leave the 'async with' block later."
            )

    async def close(self) -> None:
        """Close the connections."""
        self.closed = True
        clients, self._clients = self._clients, []
        if self._loop is asyncio.get_running_loop():
            for busy in clients:
                await busy.client.aclose()


@dataclass(slots=True)
class _Busy:
    """An HTTP client and the number of requests that use it."""

    client: httpx.AsyncClient
    requests: int = 0


class _NoCookies(httpx.Cookies):
    """Keeps no cookies: they would only make later requests longer."""

    def extract_cookies(self, response: httpx.Response) -> None:
        pass


def _client_options(ca_file: str | None, connections: int) -> dict[str, Any]:
    return {
        # With a lower keep-alive limit, the pool would close connections after their first answer, since it also counts
        # those in use.
        "limits": httpx.Limits(
            max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=30.0
        ),
        "follow_redirects": False,
        "verify": shared_tls_context(ca_file),
        # A proxy from the environment cannot reach ports of this machine.
        "mounts": dict.fromkeys(("all://localhost", "all://127.0.0.1", "all://[::1]")),
    }


def _drop_location(response: httpx.Response) -> None:
    """Remove the target of a redirect, which the HTTP client would parse although it follows none."""
    response.headers.pop("Location", None)


async def _drop_location_async(response: httpx.Response) -> None:
    _drop_location(response)
