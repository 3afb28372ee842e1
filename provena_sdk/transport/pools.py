"""The connections that all views of one client share, for a sync and for an async caller."""

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
# Keeping fewer than may be open would close each one after its first answer as soon as more are open: the pool
# counts those in use as well.
LIMITS = httpx.Limits(
    max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=30.0
)
HEADERS = {
    "User-Agent": f"provena-sdk/{__version__} python/{platform.python_version()}",
    "Accept-Encoding": ENCODINGS,
}


class Pool:
    """What all views of one sync client share. A pickle holds no connections: new ones are made from it."""

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
        """Return the HTTP client, made when it is first needed."""
        self._leave_to_parent()
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
        """Return the threads for calls that run at once, made when they are first needed."""
        self._leave_to_parent()
        if self._threads is None or self.closed:
            with self._lock:
                self.refuse_closed()
                if self._threads is None:
                    self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="provena")
        return self._threads

    def _leave_to_parent(self) -> None:
        """Start again in a forked child: connections and threads are the parent's, and its lock may be locked."""
        if self._process.moved():
            self._lock, self._ended = threading.Lock(), threading.Event()
            self._left = (self._client, self._threads)  # not closed, which the parent's servers would notice
            self._client = self._threads = None

    def sleep(self, seconds: float) -> None:
        """Wait, but not beyond the client's end, which a program's end may have to wait for."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            # In steps, because a long one cannot be interrupted on Windows.
            if self._ended.wait(min(left, STEP_SECONDS)):
                self.refuse_closed()

    def refuse_closed(self) -> None:
        """Raise ClosedError once the client is closed."""
        if self.closed:
            raise ClosedError(
                "This client is closed.", hint="Make a new one, or leave the 'with' block later."
            )

    def close(self) -> None:
        """Close the connections; what waits for a thread is taken back."""
        self._leave_to_parent()
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
    """What all views of one async client share. A pickle holds no connections: new ones are made from it."""

    def __init__(self, ca_file: str | None = None) -> None:
        self._ca_file = ca_file
        self._client: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.closed = False

    def __reduce__(self) -> tuple[object, ...]:
        return AsyncPool, (self._ca_file,)

    def client(self) -> httpx.AsyncClient:
        """Return the HTTP client, made when it is first needed, for the event loop that needed it."""
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
        """Raise ClosedError once the client is closed."""
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
        # What a server asks to be sent back would only make the next requests longer.
        "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=())),
        "verify": shared_tls_context(ca_file),
        # A proxy from the environment cannot reach this machine's own ports.
        "mounts": dict.fromkeys(("all://localhost", "all://127.0.0.1", "all://[::1]")),
    }


def _drop_location(response: httpx.Response) -> None:
    """Keep the HTTP client from reading where a redirect leads, which it does though it follows none."""
    response.headers.pop("Location", None)


async def _drop_location_async(response: httpx.Response) -> None:
    _drop_location(response)
