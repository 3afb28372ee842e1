"""The connections that all views of one client share, sync and async."""

from __future__ import annotations

import asyncio
import platform
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from provena_sdk._version import __version__
from provena_sdk.concurrency.fork import HomeProcess
from provena_sdk.errors import ClosedError
from provena_sdk.net.bodies import ENCODINGS
from provena_sdk.net.tls import shared_tls_context
from provena_sdk.transport.deadlines import keep_deadlines, keep_deadlines_async

THREADS = 32
STEP_SECONDS = 1.0
CONNECTIONS = 64
# With a lower keep-alive limit, the pool would close connections after their first answer, since it also counts those
# in use.
LIMITS = httpx.Limits(
    max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=30.0
)
HEADERS = {
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
                        **_client_options(self._ca_file), event_hooks={"response": [_drop_location]}
                    )
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
        self._client: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.closed = False

    def __reduce__(self) -> tuple[object, ...]:
        return AsyncPool, (self._ca_file,)

    def client(self) -> httpx.AsyncClient:
        """Return the HTTP client, created when first needed, for the event loop that first needs it."""
        self.refuse_closed()
        loop = asyncio.get_running_loop()
        if self._client is None:
            self._client = httpx.AsyncClient(
                **_client_options(self._ca_file), event_hooks={"response": [_drop_location_async]}
            )
            keep_deadlines_async(self._client)
            self._loop = loop
        elif self._loop is not loop:
            raise ClosedError(
                "This client belongs to another event loop.",
                hint="Make one AsyncProvena for each loop, or use Provena, which needs none.",
            )
        return self._client

    def refuse_closed(self) -> None:
        """Raise ClosedError if the client is closed."""
        if self.closed:
            raise ClosedError(
                "This client is closed.", hint="Make a new one, or leave the 'async with' block later."
            )

    async def close(self) -> None:
        """Close the connections."""
        self.closed = True
        client, self._client = self._client, None
        if client is not None and self._loop is asyncio.get_running_loop():
            await client.aclose()


def _client_options(ca_file: str | None) -> dict[str, Any]:
    return {
        "limits": LIMITS,
        "headers": HEADERS,
        "follow_redirects": False,
        # Cookies would only make later requests longer.
        "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=())),
        "verify": shared_tls_context(ca_file),
        # A proxy from the environment cannot reach ports of this machine.
        "mounts": dict.fromkeys(("all://localhost", "all://127.0.0.1", "all://[::1]")),
    }


def _drop_location(response: httpx.Response) -> None:
    """Remove the target of a redirect, which the HTTP client would parse although it follows none."""
    response.headers.pop("Location", None)


async def _drop_location_async(response: httpx.Response) -> None:
    _drop_location(response)
