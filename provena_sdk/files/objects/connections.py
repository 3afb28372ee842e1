"""The connections of one object client: few costs a request, and nothing of this machine's but proxies and trust."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import os
import ssl
import weakref
from collections.abc import AsyncIterator
from concurrent.futures import Future
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.abc import AbstractStreamWriter

from provena_sdk.config.trust import tls_context
from provena_sdk.errors import ConfigurationError

CONNECT_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 20.0
"""How long nothing may arrive, or leave, before a connection counts as dead."""

_RESOLVE_SECONDS: Final = 30.0
_KEPT_SECONDS: Final = 15.0
_NAMES_KEPT_SECONDS: Final = 60
_READ_BYTES: Final = 2 * 1024 * 1024
_WRITE_BYTES: Final = 256 * 1024
# What the system may still hold of a body when the last of it has been handed over, and how slowly it may leave.
_SYSTEM_BYTES: Final = 4 * 1024 * 1024
_SLOW_BYTES: Final = 64 * 1024
_PATIENT: Final = 6
_CLOSE_SECONDS: Final = 1.0
_OWN_HEADERS: Final = ("User-Agent", "Content-Type", "Accept", "Accept-Encoding")


class Connections:
    """One pool of connections for the running event loop; after a fork, or in another loop, a fresh one.

    Args:
        origin: Scheme and host of the store.
        ca_file: File of the certificate authorities to trust; None means AWS_CA_BUNDLE or the usual ones.
        limit: The most connections at once.
        idle: Seconds without a byte after which a connection counts as dead.
    """

    def __init__(self, origin: str, ca_file: str | None, *, limit: int, idle: float = IDLE_SECONDS) -> None:
        self._origin = origin
        self._ca_file = ca_file
        self._limit = limit
        self.idle = idle
        self.usual = aiohttp.ClientTimeout(
            total=None,
            connect=_RESOLVE_SECONDS + CONNECT_SECONDS,
            sock_connect=CONNECT_SECONDS,
            sock_read=idle,
        )
        # Where the store works for long before it answers, or a body may still be on its way.
        self.patient = aiohttp.ClientTimeout(
            total=None,
            connect=_RESOLVE_SECONDS + CONNECT_SECONDS,
            sock_connect=CONNECT_SECONDS,
            sock_read=idle * _PATIENT,
        )
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = os.getpid()
        self._finalizer: weakref.finalize[..., Connections] | None = None

    @property
    def answer_seconds(self) -> float:
        """How long the store may take to answer once a large body has been handed to the system."""
        return self.idle + _SYSTEM_BYTES / _SLOW_BYTES

    def session(self) -> aiohttp.ClientSession:
        """Return the session of the running loop.

        Raises:
            ConfigurationError: The file of authorities, or the proxy, cannot be used.
        """
        session = self._session
        loop = asyncio.get_running_loop()
        if session is not None and self._loop is loop and self._pid == os.getpid() and not session.closed:
            return session
        self.leave()
        self._loop = loop
        self._pid = os.getpid()
        self._session = session = self._opened()
        self._finalizer = weakref.finalize(self, _close_quietly, session, loop, self._pid)
        # At the end of the interpreter somebody has to wait for it; see _close_all.
        self._finalizer.atexit = False
        _open.add(self)
        return session

    def _opened(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=self._limit,
            ssl=trust(self._ca_file) if self._origin.startswith("https:") else True,
            ttl_dns_cache=_NAMES_KEPT_SECONDS,
            keepalive_timeout=_KEPT_SECONDS,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_OWN_HEADERS,
            timeout=self.usual,
            auto_decompress=False,
            trust_env=False,
            proxy=proxy(self._origin),
            read_bufsize=_READ_BYTES,
        )
        # aiohttp sends what it takes for repeatable once more by itself, and says nothing of it; whether a request
        # was sent twice decides here what a refusal of it means.
        session._retry_connection = False
        return session

    async def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        session, loop = self._session, self._loop
        if session is not None and self._pid == os.getpid() and loop is asyncio.get_running_loop():
            self._session = None
            if self._finalizer is not None:
                self._finalizer.detach()
            await session.close()
        else:
            self.leave()

    def leave(self) -> Future[None] | None:
        """Part with a session without waiting, as one of another loop or of the process this one was forked from.

        Returns:
            What ends when its connections are closed; None when there is nothing to wait for.
        """
        session, loop, self._session = self._session, self._loop, None
        if session is None or loop is None:
            return None
        if self._finalizer is not None:
            self._finalizer.detach()
        return _close_quietly(session, loop, self._pid)


_inherited: Final[list[aiohttp.ClientSession]] = []
_open: Final[weakref.WeakSet[Connections]] = weakref.WeakSet()


def _close_quietly(
    session: aiohttp.ClientSession, loop: asyncio.AbstractEventLoop, pid: int
) -> Future[None] | None:
    """Have a session that nobody uses any more closed on its own loop; aiohttp would complain of it in the log."""
    if session.closed:
        return None
    if pid != os.getpid():
        # Closing an inherited connection would take it out of the epoll set that is shared with the parent.
        _inherited.append(session)
        return None
    if loop.is_running():
        return asyncio.run_coroutine_threadsafe(session.close(), loop)
    connector = session.connector
    session.detach()
    if connector is not None:
        connector._conns.clear()
    return None


@atexit.register
def _close_all() -> None:
    """Close what is open when the interpreter ends, while the loop's thread still runs."""
    closing = [future for connections in list(_open) if (future := connections.leave()) is not None]
    concurrent.futures.wait(closing, timeout=_CLOSE_SECONDS)


def trust(ca_file: str | None) -> ssl.SSLContext:
    """Make the TLS context for the object store.

    Args:
        ca_file: The deployment's own file of authorities; AWS_CA_BUNDLE comes next, then the usual ones.

    Raises:
        ConfigurationError: The file cannot be read, or holds no certificate.
    """
    return tls_context(ca_file if ca_file is not None else os.environ.get("AWS_CA_BUNDLE") or None)


def proxy(origin: str) -> str | None:
    """Say through which proxy the store is reached, by the machine's settings; None means directly.

    A proxy cannot reach this machine's own ports.

    Args:
        origin: Scheme and host of the store.

    Raises:
        ConfigurationError: The proxy is of a kind that is not supported.
    """
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if host in ("localhost", "::1") or host.startswith("127."):
        return None
    settings = getproxies()
    found = settings.get(parts.scheme) or settings.get("all")
    if not found or proxy_bypass(host):
        return None
    if "://" not in found:
        found = f"http://{found}"
    if urlsplit(found).scheme not in ("http", "https"):
        raise ConfigurationError(
            f"The proxy for {parts.scheme} addresses is neither an http nor an https one.",
            hint=f"Set {parts.scheme.upper()}_PROXY to one of these, or name {host!r} in NO_PROXY.",
        )
    return found


class Body(aiohttp.payload.Payload):
    """A request's body that is written in pieces, each of which puts off the moment of giving up.

    Args:
        data: The bytes.
        watchdog: The request's time limit; None when it needs none.
        idle: Seconds that one piece may take.
        answer: Seconds that the answer may take after the last.
    """

    def __init__(
        self,
        data: bytes | bytearray | memoryview,
        watchdog: asyncio.Timeout | None = None,
        idle: float = IDLE_SECONDS,
        answer: float = IDLE_SECONDS,
    ) -> None:
        view = memoryview(data)
        super().__init__(view)
        self._view = view
        self._size = view.nbytes
        self._watchdog = watchdog
        self._idle = idle
        self._answer = answer

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the bytes as text."""
        return str(self._view, encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write the body."""
        await self.write_with_length(writer, None)

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """Write the body; its length is its own, whatever is asked."""
        await self._write_view(writer, self._view)
        self._allow(self._answer)

    async def _write_view(self, writer: AbstractStreamWriter, view: memoryview) -> None:
        for at in range(0, view.nbytes, _WRITE_BYTES):
            self._allow(self._idle)
            await writer.write(view[at : at + _WRITE_BYTES])

    def _allow(self, seconds: float) -> None:
        if self._watchdog is not None and not self._watchdog.expired():
            self._watchdog.reschedule(asyncio.get_running_loop().time() + seconds)


class StreamedBody(Body):
    """A request's body that is read while it is written.

    Args:
        size: Its bytes.
        chunks: Reads them; what it raises breaks the connection.
        watchdog: The request's time limit.
        idle: Seconds that one piece may take.
        answer: Seconds that the answer may take after the last.
    """

    def __init__(
        self,
        size: int,
        chunks: AsyncIterator[bytes],
        watchdog: asyncio.Timeout,
        idle: float = IDLE_SECONDS,
        answer: float = IDLE_SECONDS,
    ) -> None:
        super().__init__(b"", watchdog, idle, answer)
        self._size = size
        self._chunks = chunks

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """Write the body; its length is its own, whatever is asked."""
        async for chunk in self._chunks:
            await self._write_view(writer, memoryview(chunk))
        self._allow(self._answer)
