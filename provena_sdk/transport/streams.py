"""Connections of the async client on asyncio's own streams, which observe deadlines.

The HTTP client's connections serve several async libraries and cost far more CPU time: a cancel scope for each read and
write, two turns of the event loop for each write, and a lookup of the peer's address whenever it asks for the socket.
"""

# ruff: noqa: ASYNC109 reason= the HTTP client passes a timeout to each
from __future__ import annotations

import asyncio
import contextlib
import select
from collections.abc import Iterable, Iterator
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

from provena_sdk.transport.deadlines import pools_of, time_left


def use_streams(client: httpx.AsyncClient) -> None:
    """Make an async client connect by these streams."""
    for pool in pools_of(client):
        pool._network_backend = _Backend()


class _Stream(httpcore.AsyncNetworkStream):
    """A connection that observes the deadline of the request that is using it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = time_left(timeout, httpcore.ReadTimeout)
        with _translated(httpcore.ReadTimeout, httpcore.ReadError):
            async with asyncio.timeout(left):
                return await self._reader.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        left = time_left(timeout, httpcore.WriteTimeout)
        with _translated(httpcore.WriteTimeout, httpcore.WriteError):
            self._writer.write(buffer)
            if self._writer.transport.get_write_buffer_size():
                async with asyncio.timeout(left):
                    await self._writer.drain()

    async def aclose(self) -> None:
        self._writer.close()
        # Let TLS send its last message, but do not wait for the peer's.
        await asyncio.sleep(0)
        self._writer.transport.abort()

    async def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        left = time_left(timeout, httpcore.ConnectTimeout)
        try:
            with _translated(httpcore.ConnectTimeout, httpcore.ConnectError):
                async with asyncio.timeout(left):
                    await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except BaseException:
            self._writer.transport.abort()
            raise
        return _Stream(self._reader, self._writer)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return self._is_readable()
        known = {"client_addr": "sockname", "server_addr": "peername"}
        return self._writer.get_extra_info(known.get(info, info))

    def _is_readable(self) -> bool:
        """Return whether the peer has closed the idle connection, or sent what nobody asked for."""
        # The reader reads ahead, so unrequested bytes may have left the socket. It has no public way to see them.
        if self._reader.at_eof() or self._reader._buffer or self._writer.is_closing():  # type: ignore[attr-defined]
            return True
        number: int = self._writer.get_extra_info("socket").fileno()
        if number < 0:
            return True
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(number, select.POLLIN)
            return bool(poll.poll(0))
        return bool(select.select([number], [], [], 0)[0])


class _Backend(httpcore.AsyncNetworkBackend):
    """Makes connections on the running event loop."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        left = time_left(timeout, httpcore.ConnectTimeout)
        local = None if local_address is None else (local_address, 0)
        with _translated(httpcore.ConnectTimeout, httpcore.ConnectError):
            async with asyncio.timeout(left):
                reader, writer = await asyncio.open_connection(
                    host, port, local_addr=local, happy_eyeballs_delay=0.25
                )
        for option in socket_options or ():
            writer.get_extra_info("socket").setsockopt(*option)
        return _Stream(reader, writer)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@contextlib.contextmanager
def _translated(late: type[Exception], failed: type[Exception]) -> Iterator[None]:
    """Raise the HTTP client's errors for the system's."""
    try:
        yield
    except TimeoutError as error:
        raise late(error) from error
    except OSError as error:
        raise failed(error) from error
