"""The connections of one object client, by this machine's settings for proxies and certificate authorities."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final
from urllib.parse import unquote, urlsplit

from provena_sdk.concurrency.fork import HomeProcess
from provena_sdk.errors import ConfigurationError
from provena_sdk.net.proxies import proxy_for
from provena_sdk.net.reachability import why
from provena_sdk.net.tls import shared_tls_context
from provena_sdk.s3.http.endpoint import Endpoint
from provena_sdk.s3.http.http1 import (
    Headers,
    Limits,
    ProxyRefused,
    Receiver,
    Reply,
    Stalled,
    Unreached,
    Wire,
    WireError,
    head_of,
)
from provena_sdk.secret import Secret

CONNECT_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 20.0
"""Seconds without a byte either way after which a connection counts as dead."""

_KEPT_SECONDS: Final = 15.0
_OTHER_FAMILY_SECONDS: Final = 0.25
_LATE_SECONDS: Final = 1.0
_CHECKS: Final = 4
_TUNNEL_BYTES: Final = 64 * 1024
_PORTS: Final = {"http": 80, "https": 443}


class Connections:
    """The connections to one host on the running event loop; a fork or another loop gets new ones.

    Args:
        endpoint: The bucket's endpoint.
        ca_file: File of the certificate authorities to trust; None means AWS_CA_BUNDLE or the default ones.
        idle: Seconds without a byte after which a connection counts as dead.
        ahead: The most bytes that the system may receive ahead on each connection; None leaves it to the system.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        ca_file: str | None,
        *,
        idle: float = IDLE_SECONDS,
        ahead: int | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._ca_file = ca_file
        self.idle = idle
        self._ahead = ahead
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = HomeProcess()
        self._free: list[Wire] = []
        self._busy: set[Wire] = set()
        self._checking: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._tls: ssl.SSLContext | None = None
        self._proxy: Proxy | None = None

    async def exchange(
        self,
        method: str,
        target: str,
        headers: Headers,
        body: memoryview | AsyncIterator[bytes] | None,
        limits: Limits,
        into: Receiver | None = None,
    ) -> Reply:
        """Send a request over a free connection or a new one, and return its answer.

        Args:
            method: The HTTP method.
            target: Path and query, encoded.
            headers: The headers, including ``host`` and, with a body, ``content-length``.
            body: The body, or an iterator over it.
            limits: The limits on the exchange.
            into: Takes the body of an answer of status 2xx.

        Raises:
            WireError: No whole answer arrived.
            NotTaken: ``into`` failed.
            ssl.SSLCertVerificationError: The store's certificate cannot be verified.
            ConfigurationError: The file of certificate authorities or the proxy cannot be used.
            ValueError: A header contains a line break, or cannot be encoded.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop or not self._process.is_here:
            self._begin(loop)
        wire = self._take(loop.time()) or await self._connect(loop)
        if self._proxy is not None and self._endpoint.scheme == "http":
            target = f"http://{self._endpoint.host}{target}"
            headers = {**headers, **self._proxy.headers}
        head = head_of(f"{method} {target} HTTP/1.1", headers)
        self._busy.add(wire)
        if self._checking is None:
            self._check_later(loop)
        try:
            return await wire.exchange(head, body, limits, bodiless=method == "HEAD", into=into)
        finally:
            self._busy.discard(wire)
            if wire.idle:
                wire.idle_since = loop.time()
                self._free.append(wire)
            else:
                wire.abort()

    async def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        if not self._process.is_here or self._loop is not asyncio.get_running_loop():
            return
        if self._checking is not None:
            self._checking.cancel()
            self._checking = None
        for wire in (*self._free, *self._busy):
            wire.abort()
        self._free.clear()
        # Aborted connections are closed at the loop's next iteration.
        await asyncio.sleep(0)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Drop the connections of another loop or of the parent process, and read the machine's settings."""
        if self._free and self._process.is_here and self._loop is not None:
            with suppress(RuntimeError):
                for wire in self._free:
                    self._loop.call_soon_threadsafe(wire.abort)
        secure = self._endpoint.scheme == "https"
        self._proxy = proxy(self._endpoint)
        self._tls = trust(self._ca_file) if secure or (self._proxy and self._proxy.secure) else None
        self._free, self._busy, self._checking = [], set(), None
        # Set last: after a failure above, the next request must repeat this.
        self._loop, self._process = loop, HomeProcess()

    def _take(self, now: float) -> Wire | None:
        while self._free:
            wire = self._free.pop()
            if wire.idle and now - wire.idle_since < _KEPT_SECONDS:
                return wire
            wire.abort()
        return None

    def _check_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = loop.time() + max(self.idle / _CHECKS, 0.02)
        self._checking = loop.call_at(self._due, self._check)

    def _check(self) -> None:
        """Check all connections at once, which is cheaper than a timer for each request."""
        self._checking = None
        loop = self._loop
        if loop is None:
            return
        now = loop.time()
        # While a receiver blocked this thread, the other connections could not be read.
        late = now - self._due
        for wire in list(self._busy):
            wire.postpone(late)
            wire.check(now, len(self._busy))
        for wire in self._free:
            if now - wire.idle_since >= _KEPT_SECONDS:
                wire.abort()
        self._free = [wire for wire in self._free if wire.idle]
        if self._busy or self._free:
            self._check_later(loop)

    async def _connect(self, loop: asyncio.AbstractEventLoop) -> Wire:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                wire = await self._open_wire(loop)
                if self._ahead is not None:
                    _receive_ahead(wire, self._ahead)
                return wire
        except ssl.SSLCertVerificationError:
            raise
        except TimeoutError:
            failure: WireError = _NotInTime("the connection timed out")
        except WireError as error:
            failure = error
        except OSError as error:
            failure = Unreached(why(error) or "")
        raise failure

    async def _open_wire(self, loop: asyncio.AbstractEventLoop) -> Wire:
        endpoint, through = self._endpoint, self._proxy
        tls = self._tls if endpoint.scheme == "https" else None
        if through is None:
            return await _open_socket(loop, endpoint.hostname, endpoint.port, tls)
        wire = await _open_socket(loop, through.hostname, through.port, self._tls if through.secure else None)
        if tls is None:
            return wire
        try:
            tunnel = f"{_bracketed(endpoint.hostname)}:{endpoint.port}"
            head = head_of(f"CONNECT {tunnel} HTTP/1.1", {"host": tunnel, **through.headers})
            limits = Limits(_TUNNEL_BYTES, _TUNNEL_BYTES, CONNECT_SECONDS, CONNECT_SECONDS)
            reply = await wire.exchange(head, None, limits, bodiless=True)
            if not 200 <= reply.status < 300:
                raise ProxyRefused(reply.status)
            transport = await loop.start_tls(wire.transport, wire, tls, server_hostname=endpoint.hostname)
        except BaseException:
            wire.abort()
            raise
        if transport is None:
            raise Unreached("the connection broke")
        wire.move_to(transport)
        return wire


class _NotInTime(Unreached, Stalled):
    """The connection was not made in time."""


async def _open_socket(
    loop: asyncio.AbstractEventLoop, hostname: str, port: int, tls: ssl.SSLContext | None
) -> Wire:
    opening = loop.create_task(
        loop.create_connection(
            lambda: Wire(loop), hostname, port, ssl=tls, happy_eyeballs_delay=_OTHER_FAMILY_SECONDS
        )
    )
    try:
        _, wire = await asyncio.shield(opening)
    except asyncio.CancelledError:
        # asyncio leaks a socket that connects at the moment of cancellation.
        opening.add_done_callback(_abort_late)
        loop.call_later(_LATE_SECONDS, opening.cancel)
        raise
    return wire


def _receive_ahead(wire: Wire, most: int) -> None:
    """Have the system receive no more than some bytes before they are read."""
    found: socket.socket | None = wire.transport.get_extra_info("socket")
    if found is not None:
        with suppress(OSError):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, most)


def _abort_late(opening: asyncio.Task[tuple[asyncio.Transport, Wire]]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result()[1].abort()


def _bracketed(hostname: str) -> str:
    return f"[{hostname}]" if ":" in hostname else hostname


def trust(ca_file: str | None) -> ssl.SSLContext:
    """Return the TLS context for the object store.

    Args:
        ca_file: The deployment's file of certificate authorities; None means AWS_CA_BUNDLE or the default ones.

    Raises:
        ConfigurationError: The file cannot be read, or contains no certificate.
    """
    return shared_tls_context(ca_file if ca_file is not None else os.environ.get("AWS_CA_BUNDLE") or None)


class Proxy:
    """A proxy. Its representation hides the password.

    Args:
        hostname: Its host.
        port: Its port.
        secure: Whether the connection to it uses TLS.
        headers: The headers that authorise requests at the proxy.
    """

    __slots__ = ("headers", "hostname", "port", "secure")

    def __init__(self, hostname: str, port: int, secure: bool, headers: Headers) -> None:
        self.hostname = hostname
        self.port = port
        self.secure = secure
        self.headers = headers

    def __repr__(self) -> str:
        return f"<Proxy {self.hostname}:{self.port}>"


def proxy(endpoint: Endpoint) -> Proxy | None:
    """Return the proxy for the store by the machine's settings; None for a direct connection.

    Ports of this machine are reached directly, as a proxy cannot reach them.

    Args:
        endpoint: The bucket's endpoint.

    Raises:
        ConfigurationError: The proxy is of a kind that is not supported.
    """
    found = proxy_for(endpoint.scheme, endpoint.hostname)
    if found is None:
        return None
    made = _read_proxy(found)
    # The error's frames must not show the password.
    del found
    if made is None:
        raise ConfigurationError(
            f"The proxy for {endpoint.scheme} URLs does not have an http or https URL.",
            hint=f"Correct {endpoint.scheme.upper()}_PROXY, or name {endpoint.hostname!r} in NO_PROXY.",
        )
    return made


def _read_proxy(url: str) -> Proxy | None:
    """Return the proxy of a URL, or None for a kind that is not supported."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        return None
    headers: dict[str, Secret] = {}
    if parts.username is not None:
        password = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        basic = base64.b64encode(password.encode("utf-8", "surrogateescape")).decode()
        headers["proxy-authorization"] = Secret(f"Basic {basic}", "proxy-authorization")
    return Proxy(parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "https", headers)
