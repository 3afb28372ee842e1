"""A deadline for a whole answer; the HTTP client's timeouts apply only between two bytes.

A server that sends a byte a second, in headers or body, would otherwise block a caller forever. Every read and write of
a connection checks how much time its request has left.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ssl import SSLContext
from typing import Any

import httpcore
import httpx


class _Deadline:
    """The deadline of one request. Its time starts when it first uses a connection; waiting for one does not count."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends_at: float | None = None

    def left(self) -> float:
        now = time.monotonic()
        if self._ends_at is None:
            self._ends_at = now + self._seconds
        return self._ends_at - now


_deadline: ContextVar[_Deadline | None] = ContextVar("_deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Limit the request that is sent in this block to ``seconds``; after that, the HTTP client's timeouts are raised.

    The limit applies to the current thread or task, and to clients prepared by :func:`keep_deadlines`.
    """
    token = _deadline.set(_Deadline(seconds))
    try:
        yield
    finally:
        _deadline.reset(token)


def keep_deadlines(client: httpx.Client) -> None:
    """Make the connections of a client observe the deadline that :func:`within` sets."""
    for pool in pools_of(client):
        pool._network_backend = _Backend(pool._network_backend)


def pools_of(client: httpx.Client | httpx.AsyncClient) -> list[Any]:
    """Return the connection pools of a client, one for each proxy and one for all other hosts."""
    # The client has no option for how connections are made; its connection pools do.
    transports = [client._transport, *client._mounts.values()]
    return [transport._pool for transport in transports if hasattr(transport, "_pool")]


def time_left(timeout: float | None, late: type[Exception]) -> float | None:
    """Return the seconds that are left until the deadline or the timeout, whichever comes first.

    Args:
        timeout: Seconds for the next step, or None.
        late: The error to raise.

    Raises:
        Exception: ``late``, after the deadline.
    """
    deadline = _deadline.get()
    if deadline is None:
        return timeout
    left = deadline.left()
    if left <= 0:
        raise late("The deadline of the request has passed.")
    return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    """A connection that observes the deadline of the request that is using it."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, time_left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, time_left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = time_left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """A backend whose connections observe deadlines."""

    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._backend = backend

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = time_left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._backend.connect_tcp(host, port, left, local_address, socket_options))

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)
