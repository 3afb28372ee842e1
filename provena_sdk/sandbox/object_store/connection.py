"""HTTP/1.1 over one connection: reads requests and answers them in order.

Small answers are written directly; large bodies, and requests affected by a fault, run in a task.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import lru_cache, partial
from typing import cast

import httptools

from provena_sdk.sandbox.object_store.activity import Activity
from provena_sdk.sandbox.object_store.faults import ObjectFault, ObjectFaultKind, ObjectFaults
from provena_sdk.sandbox.object_store.handlers.context import Context
from provena_sdk.sandbox.object_store.http.request import STATUS_LINES, Request, RequestRecord, Response
from provena_sdk.sandbox.object_store.service import Service, error_response
from provena_sdk.sandbox.object_store.storage.blobs import Blob
from provena_sdk.sandbox.object_store.storage.errors import S3Error

SMALL_BODY = 64 << 10
WRITE_BYTES = 256 << 10
MAX_HEAD_BYTES = 64 << 10
MAX_WAITING_REQUESTS = 32
MAX_WAITING_BYTES = 1 << 20

_log = logging.getLogger(__name__)
# Faults of these operations affect the request's body instead of the answer's.
_WITH_BODY = frozenset({"PutObject", "UploadPart"})
_Slices = list[tuple[Blob, int, int]]


class _Broken(Exception):
    """A fault ended the connection."""


class _Exchange:
    """One request and its progress."""

    __slots__ = (
        "begun",
        "close",
        "complete",
        "context",
        "cut",
        "pending",
        "record",
        "refusal",
        "request",
        "room",
        "struck",
    )

    def __init__(self, request: Request) -> None:
        self.request = request
        self.context: Context | None = None
        self.refusal: S3Error | None = None
        self.pending: list[bytes] = []
        self.struck: list[ObjectFault] = []
        self.cut: ObjectFault | None = None
        self.record: RequestRecord | None = None
        self.room = 0
        self.begun = False
        self.complete = False
        self.close = not request.keep_alive


class Connection(asyncio.Protocol):
    """Serves one connection.

    Args:
        service: Answers the requests.
        faults: The faults to inject.
        activity: The record of requests.
        loop: The event loop of the connection.
    """

    def __init__(
        self, service: Service, faults: ObjectFaults, activity: Activity, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._service = service
        self._faults = faults
        self._activity = activity
        self._loop = loop
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._headers: dict[str, str] = {}
        self._head_bytes = 0
        self._exchanges: deque[_Exchange] = deque()
        self._reading: _Exchange | None = None
        self._waiting_bytes = 0
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._can_write = asyncio.Event()
        self._can_write.set()

    # Called by asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register the connection."""
        self._transport = cast("asyncio.Transport", transport)
        self._activity.connections.add(self)
        if self._activity.closed:
            # Accepted while stopping; since Python 3.12 the server waits for such a connection to end.
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Discard unfinished requests."""
        self._closing = True
        self._activity.connections.discard(self)
        self._can_write.set()
        if self._task is not None:
            self._task.cancel()
        for exchange in self._exchanges:
            self._finish(exchange, 0)
        self._exchanges.clear()

    def pause_writing(self) -> None:
        """Pause answers until the client reads."""
        self._can_write.clear()

    def resume_writing(self) -> None:
        """Resume answers."""
        self._can_write.set()
        self._advance()

    def data_received(self, data: bytes) -> None:
        """Parse requests from the received bytes."""
        if self._closing:
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._refuse_connection()
            return
        self._advance()

    def close(self) -> None:
        """Close the connection at once."""
        self._closing = True
        if self._task is not None:
            self._task.cancel()
        self._transport.abort()

    # Called by the parser.

    def on_message_begin(self) -> None:
        """Start a request."""
        self._target = b""
        self._headers = {}
        self._head_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Add to the target, which may arrive in chunks."""
        self._target += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add one header."""
        self._count(len(name) + len(value))
        key = _lower(name)
        text = value.decode("utf-8", "surrogateescape")
        self._headers[key] = f"{self._headers[key]},{text}" if key in self._headers else text

    def on_headers_complete(self) -> None:
        """Queue the request, whose head is complete."""
        method = self._parser.get_method().decode("latin-1")
        keep_alive = self._parser.should_keep_alive()
        request = Request(method, self._target, self._headers, keep_alive, self._activity.begin())
        self._reading = _Exchange(request)
        self._exchanges.append(self._reading)

    def on_body(self, body: bytes) -> None:
        """Add a chunk of the body."""
        exchange = self._reading
        if exchange is None:
            return
        if not exchange.begun:
            self._advance()
        if not exchange.begun:
            exchange.pending.append(body)
            self._waiting_bytes += len(body)
        elif exchange.context is not None:
            self._feed(exchange, body)

    def on_message_complete(self) -> None:
        """Mark the request as complete."""
        if self._reading is not None:
            self._reading.complete = True
            self._reading = None

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            raise ValueError("the request's head is too long")

    # Answering.

    def _advance(self) -> None:
        """Answer the complete requests at the head of the queue."""
        while self._exchanges and self._task is None and not self._closing and self._can_write.is_set():
            exchange = self._exchanges[0]
            if not exchange.begun:
                self._begin(exchange)
                if self._closing:
                    return
            if not exchange.complete:
                break
            if exchange.cut is not None:
                self._cut(exchange.cut)
                return
            self._exchanges.popleft()
            self._answer(exchange)
        self._pace()

    def _begin(self, exchange: _Exchange) -> None:
        exchange.begun = True
        request = exchange.request
        try:
            exchange.context = self._service.begin(request)
        except S3Error as error:
            exchange.refusal = error
        except Exception:
            exchange.refusal = _unexpected()
        if self._faults:
            self._strike(exchange)
        if not exchange.complete and request.headers.get("expect", "").lower() == "100-continue":
            if exchange.refusal is not None:
                exchange.close = True
                self._exchanges.popleft()
                self._answer(exchange)
                return
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        pending, exchange.pending = exchange.pending, []
        for chunk in pending:
            self._waiting_bytes -= len(chunk)
            self._feed(exchange, chunk)

    def _strike(self, exchange: _Exchange) -> None:
        """Find the faults of a request; those that affect its body take effect as it arrives."""
        request = exchange.request
        exchange.struck = self._faults.strike(request)
        if request.operation not in _WITH_BODY:
            return
        for fault in exchange.struck:
            if fault.kind == "truncate" or (fault.kind == "reset" and fault.after_bytes):
                exchange.cut = exchange.cut or fault
                exchange.room = fault.after_bytes
            elif fault.kind == "corrupt" and exchange.context is not None:
                assert exchange.context.body is not None
                exchange.context.body.damage(fault.after_bytes)

    def _cut(self, fault: ObjectFault) -> None:
        """Close the connection in the middle of a request's body."""
        with suppress(_Broken):
            self._break(hard=fault.kind == "reset")

    def _feed(self, exchange: _Exchange, data: bytes) -> None:
        if self._closing:
            return
        if exchange.cut is not None:
            exchange.room -= len(data)
            if exchange.room <= 0:
                self._cut(exchange.cut)
                return
        context = exchange.context
        if context is None or context.body is None:
            return
        try:
            context.body.feed(data)
        except S3Error as error:
            context.body.discard()
            exchange.context, exchange.refusal = None, error

    def _pace(self) -> None:
        """Pause reading while too many requests wait for an answer."""
        if self._closing or self._transport.is_closing():
            return
        full = len(self._exchanges) > MAX_WAITING_REQUESTS or self._waiting_bytes > MAX_WAITING_BYTES
        if full and self._transport.is_reading():
            self._transport.pause_reading()
        elif not full and not self._transport.is_reading() and self._task is None:
            self._transport.resume_reading()

    def _answer(self, exchange: _Exchange) -> None:
        if exchange.struck:
            self._run(partial(self._answer_with_faults, exchange), exchange)
            return
        response = self._respond(exchange)
        head = self._head(exchange, response)
        slices = response.body
        if exchange.request.method == "HEAD" or not slices:
            self._transport.write(head)
        elif len(slices) == 1 and slices[0][0].path is None and (response.length or 0) <= SMALL_BODY:
            blob, start, stop = slices[0]
            self._transport.write(head + blob.read(start, stop))
        else:
            self._transport.write(head)
            self._run(partial(self._send, slices), exchange, response.status)
            return
        self._finish(exchange, response.status)

    def _respond(self, exchange: _Exchange) -> Response:
        if exchange.context is not None and exchange.refusal is None:
            try:
                return self._service.answer(exchange.context)
            except S3Error as error:
                exchange.refusal = error
            except Exception:
                exchange.refusal = _unexpected()
        assert exchange.refusal is not None
        return error_response(exchange.refusal, exchange.request)

    def _head(self, exchange: _Exchange, response: Response) -> bytes:
        # Recorded first, so that a client that has the answer finds the record.
        self._record(exchange, response.status)
        head = STATUS_LINES[response.status] + self._activity.head(exchange.request.id) + response.head
        if response.length is not None:
            head += b"content-length: %d\r\n" % response.length
        return head + (b"connection: close\r\n\r\n" if exchange.close else b"\r\n")

    def _run(
        self, work: Callable[[], Coroutine[None, None, int | None]], exchange: _Exchange, status: int = 0
    ) -> None:
        """Answer in a task; ``work`` returns the status sent, unless ``status`` is given."""

        async def run() -> None:
            sent = 0
            try:
                sent = await work() or status
            except _Broken:
                pass
            except (ConnectionError, asyncio.CancelledError):
                self._closing = True
                self._transport.abort()
            self._task = None
            self._finish(exchange, sent)
            self._advance()

        self._task = self._loop.create_task(run())

    def _record(self, exchange: _Exchange, status: int) -> None:
        context = exchange.context
        received = context.body.size if context is not None and context.body is not None else 0
        exchange.record = self._activity.record(exchange.request, status, received)

    def _finish(self, exchange: _Exchange, status: int) -> None:
        if exchange.record is None:
            self._record(exchange, status)
        elif status == 0:
            self._activity.broke(exchange.record)
        if exchange.context is not None and exchange.context.body is not None:
            exchange.context.body.discard()
        self._activity.end()
        if exchange.close and not self._closing:
            self._closing = True
            self._transport.close()

    async def _send(self, slices: _Slices) -> None:
        for blob, start, stop in slices:
            if blob.path is None:
                for part in blob.chunks(start, stop):
                    await self._write(memoryview(part))
                continue
            await self._writable()
            with blob.path.open("rb") as file:
                try:
                    await self._loop.sendfile(self._transport, file, start, stop - start)
                except NotImplementedError:  # event loops other than asyncio's own
                    for chunk in blob.chunks(start, stop):
                        await self._write(memoryview(chunk))

    async def _write(self, view: memoryview) -> None:
        for at in range(0, len(view), WRITE_BYTES):
            await self._writable()
            self._transport.write(view[at : at + WRITE_BYTES])

    async def _writable(self) -> None:
        await self._can_write.wait()
        if self._transport.is_closing():
            raise ConnectionResetError

    async def _answer_with_faults(self, exchange: _Exchange) -> int:
        kinds: dict[ObjectFaultKind, ObjectFault] = {fault.kind: fault for fault in exchange.struck}
        if latency := sum(fault.seconds for fault in exchange.struck if fault.kind == "latency"):
            await asyncio.sleep(latency)
        refusal = self._refusal(kinds)
        if refusal is not None:
            exchange.refusal = refusal
        reset = kinds.get("reset")
        if reset is not None and not reset.after_effect and not reset.after_bytes:
            self._break(hard=True)
        late = kinds.get("error_in_200")
        response = self._respond(exchange) if late is None or late.after_effect else _late_error(exchange)
        if late is not None and late.after_effect and response.status == 200:
            response = _late_error(exchange)
        if "replace" in kinds and exchange.context is not None:
            request = exchange.request
            self._service.store.put(request.bucket, request.key, kinds["replace"].data)
        if reset is not None and reset.after_effect:
            self._break(hard=True)
        await self._send_struck(exchange, response, kinds)
        return response.status

    def _refusal(self, kinds: dict[ObjectFaultKind, ObjectFault]) -> S3Error | None:
        if "expire_credentials" in kinds:
            self._service.expire_credentials()
            return S3Error("ExpiredToken")
        if "slow_down" in kinds:
            return S3Error("SlowDown")
        return S3Error("InternalError") if "internal_error" in kinds else None

    async def _send_struck(
        self, exchange: _Exchange, response: Response, kinds: dict[ObjectFaultKind, ObjectFault]
    ) -> None:
        slices = [] if exchange.request.method == "HEAD" else response.body
        if exchange.request.operation in _WITH_BODY:
            if (fault := kinds.get("stall")) is not None:
                await asyncio.sleep(fault.seconds)
            self._transport.write(self._head(exchange, response))
            await self._send(slices)
            return
        if (fault := kinds.get("corrupt")) is not None:
            slices = _corrupted(slices, fault.after_bytes)
        self._transport.write(self._head(exchange, response))
        if (fault := kinds.get("stall")) is not None:
            before, slices = _split(slices, fault.after_bytes)
            await self._send(before)
            await asyncio.sleep(fault.seconds)
        if (fault := kinds.get("truncate") or kinds.get("reset")) is not None:
            await self._send(_split(slices, fault.after_bytes)[0])
            if fault.kind == "reset":
                # A reset discards what is still in the socket's buffer, so let it drain first.
                await asyncio.sleep(0.02)
            self._break(hard=fault.kind == "reset")
        await self._send(slices)

    def _break(self, *, hard: bool) -> None:
        """Close the connection, with a reset if ``hard``."""
        self._closing = True
        if hard:
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        else:
            self._transport.close()
        raise _Broken

    def _refuse_connection(self) -> None:
        if self._transport.is_closing():
            return
        self._closing = True
        if self._task is None:
            error = S3Error("InvalidRequest", "The request could not be read.")
            response = error_response(error)
            blob, start, stop = response.body[0]
            head = STATUS_LINES[400] + response.head + b"content-length: %d\r\n" % (response.length or 0)
            self._transport.write(head + b"connection: close\r\n\r\n" + blob.read(start, stop))
        self._transport.close()


@lru_cache(maxsize=512)
def _lower(name: bytes) -> str:
    return name.decode("latin-1").lower()


def _late_error(exchange: _Exchange) -> Response:
    """Return an error with status 200, as Amazon S3 sends for operations that take long."""
    response = error_response(S3Error("InternalError"), exchange.request)
    response.status = 200
    return response


def _unexpected() -> S3Error:
    _log.exception("the object store failed on a request")
    return S3Error("InternalError")


def _split(slices: _Slices, at: int) -> tuple[_Slices, _Slices]:
    """Split a body ``at`` bytes from its beginning."""
    before: _Slices = []
    after: _Slices = []
    for blob, start, stop in slices:
        middle = min(start + max(at, 0), stop)
        at -= stop - start
        if start < middle:
            before.append((blob, start, middle))
        if middle < stop:
            after.append((blob, middle, stop))
    return before, after


def _corrupted(slices: _Slices, at: int) -> _Slices:
    """Return a body with one byte flipped: the one at ``at``, or the last if the body is shorter."""
    size = sum(stop - start for _, start, stop in slices)
    if not size:
        return slices
    before, rest = _split(slices, min(at, size - 1))
    one, after = _split(rest, 1)
    blob, start, stop = one[0]
    flipped = bytes([blob.read(start, stop)[0] ^ 0xFF])
    return [*before, (Blob(1, data=flipped), 0, 1), *after]
