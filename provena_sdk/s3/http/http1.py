"""HTTP/1.1 over one connection, with bodies received straight into one block of memory.

aiohttp takes two to three times as long for a small request, and copies each byte of a large answer several times.
What S3 does not need is left out: compression, cookies, redirects and pipelining.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import re
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final, NamedTuple, Protocol, TypeAlias, cast

from provena_sdk.s3.http.line import ANY_LINE, Line
from provena_sdk.s3.http.pace import LeastRate, Pace
from provena_sdk.secret import Secret

SCRATCH_BYTES: Final = 64 * 1024
"""The longest head of an answer in bytes; S3 sends a hundredth of that."""

_SENT_BYTES: Final = 256 * 1024
# On a slow line less is sent at once, so that its bytes are counted in time.
_SENT_SLOWLY_BYTES: Final = 64 * 1024
_SENT_SECONDS: Final = 0.05
# What the system may hold unsent. Otherwise it accepts megabytes, which count as sent long before they are.
_UNSENT_BYTES: Final = 128 * 1024
_UNSENT_OPTION: Final = getattr(socket, "TCP_NOTSENT_LOWAT", None)
# What the system and the network take at once, however slow the line is, so that it says nothing about the rate.
_AHEAD_BYTES: Final = 512 * 1024
# Each chunk takes a turn at the interpreter's lock to be hashed and written, so few large ones are faster.
_CHUNK_BYTES: Final = 2 * 1024 * 1024
# On a slow line a chunk is passed on before it is full, so that its bytes are counted and kept.
_CHUNK_SECONDS: Final = 0.05
_JOINED_BYTES: Final = 64 * 1024
_CHUNK_LINE_BYTES: Final = 1024
_STATUS_LINE_CHARACTERS: Final = 1024
# More than any store sends, but few enough to read at once.
_MOST_CHUNKS: Final = 16_384
_MOST_CHUNK_LINES_BYTES: Final = 4 * 1024 * 1024
_MOST_HEADERS: Final = 256
_MOST_INTERIM: Final = 16
_STATUS: Final = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: .*)?", re.ASCII)
_CHUNK_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")
_LENGTH: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


Headers: TypeAlias = Mapping[str, str | Secret]
"""The headers of a request; those that authorise it are secret."""


class WireError(ConnectionError):
    """The connection broke, or the answer was not HTTP; the store may have carried the request out."""


class Unreached(WireError):
    """No connection could be made, so nothing was sent; the text gives the reason in a few words."""


class ProxyRefused(Unreached):
    """The proxy refused a tunnel.

    Args:
        status: The HTTP status of its answer.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"the proxy answered {status}")
        self.status = status


class Stalled(WireError, TimeoutError):
    """No byte arrived or left for too long."""


class TooSlow(Stalled):
    """Bytes arrived or left too slowly; the text states the rate in a few words."""


class NotTaken(Exception):
    """The receiver of a body failed.

    Args:
        error: The receiver's error.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__("The receiver of the body failed.")
        self.error = error


class Receiver(Protocol):
    """A receiver of an answer's body as it arrives; a body of known length is never held whole in memory."""

    def begin(self, status: int, headers: Mapping[str, str], /) -> None:
        """Check the status and the headers (names in lower case), and prepare for the first byte of the body."""
        ...

    def take(self, data: memoryview, /) -> None:
        """Take the next bytes; the memory is overwritten afterwards. If the exchange fails, those taken still count."""
        ...


class Reply(NamedTuple):
    """An answer.

    Args:
        status: The HTTP status.
        headers: The headers, names in lower case; repeated ones are joined by commas.
        data: The body; empty when it was too long, or a receiver took it.
        whole: False when the body was discarded as too long.
        taken: The number of bytes that the receiver took.
    """

    status: int
    headers: Mapping[str, str]
    data: bytearray
    whole: bool
    taken: int = 0


class Limits(NamedTuple):
    """The limits on one exchange.

    Args:
        body: The longest body of status 2xx, in bytes; a longer one is discarded.
        refusal: The longest body of another status, in bytes.
        idle: Seconds without a byte either way after which the connection counts as dead.
        answer: Seconds within which the answer must begin, once the system has the whole request.
        rate: The slowest rate at which bytes may move; None allows any.
        whole: Seconds that the whole exchange may take; None allows any time.
        line: Counts the bytes that move, and limits their rate.
        sent: Called with the number of bytes of the body that the system has accepted so far.
        received: Called with the number of bytes of the answer's body that have arrived, if it arrives slowly.
        all_sent: Called when the system has accepted the whole body.
    """

    body: int
    refusal: int
    idle: float
    answer: float
    rate: LeastRate | None = None
    whole: float | None = None
    line: Line = ANY_LINE
    sent: Callable[[int], None] | None = None
    received: Callable[[int], None] | None = None
    all_sent: Callable[[], None] | None = None


class _Stage(enum.Enum):
    IDLE = enum.auto()
    HEAD = enum.auto()
    MEASURED = enum.auto()
    CHUNKED = enum.auto()
    UNTIL_CLOSED = enum.auto()
    ENDED = enum.auto()


class Wire(asyncio.BufferedProtocol):
    """A connection that carries one request at a time.

    Args:
        loop: The connection's event loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._scratch = bytearray(SCRATCH_BYTES)
        self._scratch_view = memoryview(self._scratch)
        self._filled = 0
        self._stage = _Stage.IDLE
        self._waiter: asyncio.Future[Reply] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._paused = False
        self._bodiless = False
        self._limits = Limits(0, 0, 0.0, 0.0)
        self._status = 0
        self._headers: dict[str, str] = {}
        self._data = bytearray()
        self._rest: memoryview | None = None
        self._into: Receiver | None = None
        self._chunk = memoryview(b"")
        self._filling: memoryview | None = None
        self._taken = self._to_take = 0
        self._passed_at = 0.0
        self._chunks = bytearray()
        self._chunk_left = 0
        self._chunk_count = self._chunk_lines = self._interim = 0
        self._unsent = self._handed = self._received = 0
        self._is_handed = False
        self._pace = Pace()
        self._began_at = 0.0
        self.deadline = 0.0
        self.idle_since = 0.0
        self.reusable = False

    # Called by asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport of the new connection."""
        self._transport = cast("asyncio.Transport", transport)
        self.reusable = True
        connected = transport.get_extra_info("socket")
        if _UNSENT_OPTION is not None and connected is not None:
            with contextlib.suppress(OSError):
                connected.setsockopt(socket.IPPROTO_TCP, _UNSENT_OPTION, _UNSENT_BYTES)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the buffer for the next bytes: the body itself once its length is known."""
        buffer = self._rest if self._rest is not None else self._scratch_view[self._filled :]
        return buffer[: self._limits.line.chunk_bytes]

    def buffer_updated(self, nbytes: int) -> None:
        """Process the bytes that arrived."""
        now = self._loop.time()
        self.deadline = now + self._limits.idle
        self._received += nbytes
        if wait := self._limits.line.received(nbytes):
            self._pause_reading(wait)
        rest = self._rest
        if rest is not None:
            if nbytes < len(rest):
                self._rest = rest[nbytes:]
                if now - self._passed_at >= _CHUNK_SECONDS:
                    self._pass_begun_chunk(now)
            elif self._filling is not None and self._into is not None:
                self._pass_to_receiver(self._into, self._filling)
            else:
                self._finish(self._data)
            return
        self._filled += nbytes
        try:
            if self._stage is _Stage.HEAD:
                self._read_head()
            elif self._stage in (_Stage.CHUNKED, _Stage.UNTIL_CLOSED):
                arrived, self._filled = self._filled, 0
                self._read_stream(self._scratch_view[:arrived])
            else:
                # There is no request to answer.
                self.abort()
        except ValueError:
            self._fail(WireError("The answer is not HTTP."))

    def eof_received(self) -> bool:
        """Let the connection be closed; see :meth:`connection_lost`."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the exchange under way, unless the end of the connection ends its answer."""
        if self._stage is _Stage.UNTIL_CLOSED and exc is None:
            self._finish(self._data)
        self._fail(WireError("The connection was closed before the whole answer arrived."))

    def pause_writing(self) -> None:
        """Pause the body until the system accepts more."""
        self._paused = True

    def resume_writing(self) -> None:
        """Continue to send the body."""
        self._paused = False
        self._wake_writer()

    # Called by the pool.

    @property
    def idle(self) -> bool:
        """Whether the connection is ready for the next request."""
        return self.reusable and self._stage is _Stage.IDLE and not self._transport.is_closing()

    @property
    def transport(self) -> asyncio.Transport:
        """The transport of the connection."""
        return self._transport

    def move_to(self, transport: asyncio.Transport) -> None:
        """Switch to another transport: the encrypted one, once the proxy has opened the tunnel."""
        self._transport = transport
        # The proxy's statements about its own connection, such as HTTP/1.0, do not apply to the tunnel.
        self.reusable = True

    def abort(self) -> None:
        """Close the connection at once, and drop unsent bytes."""
        self.reusable = False
        if self._transport is not None:
            self._transport.abort()

    def postpone(self, seconds: float) -> None:
        """Extend all time limits by seconds in which this thread was busy elsewhere."""
        self.deadline += seconds
        self._began_at += seconds
        self._pace.postpone(seconds)

    def check(self, now: float, sharing: int = 1) -> None:
        """Fail the exchange if bytes have stopped, or move too slowly.

        Args:
            now: The loop's time.
            sharing: The number of connections that share the line.
        """
        if self._waiter is None:
            return
        self._pass_begun_chunk(now)
        unsent = self._transport.get_write_buffer_size()
        if unsent < self._unsent:
            # Never earlier than before: the answer may have a later deadline.
            self.deadline = max(self.deadline, now + self._limits.idle)
        self._unsent = unsent
        if now >= self.deadline:
            self._fail(Stalled("The connection stalled."))
        elif self._limits.whole is not None and now - self._began_at >= self._limits.whole:
            self._fail(TooSlow(f"no whole answer in {self._limits.whole:g} s"))
        elif self._limits.rate is not None:
            self._check_rate(self._limits.rate, now, sharing)

    def _check_rate(self, rate: LeastRate, now: float, sharing: int) -> None:
        if self._is_handed and not self._received and not self._unsent:
            # The store is processing the request, which has another time limit.
            self._pace.restart()
        elif self._pace.is_too_slow(now, self._received + self._handed - self._unsent, rate, sharing):
            self._fail(TooSlow(str(rate)))

    async def exchange(
        self,
        head: Secret,
        body: memoryview | AsyncIterator[bytes] | None,
        limits: Limits,
        *,
        bodiless: bool,
        into: Receiver | None = None,
    ) -> Reply:
        """Send a request and return its answer.

        Args:
            head: The request line and headers, some of which may be secret.
            body: The body, or an iterator over it; the head states its length.
            limits: The limits on the exchange.
            bodiless: Whether the answer has no body, as after HEAD.
            into: Takes the body of an answer of status 2xx.

        Raises:
            WireError: No whole answer arrived.
            NotTaken: ``into`` failed.
            Exception: The error that reading the body raised.
        """
        if self._transport.is_closing():
            raise WireError("The connection was closed before anything was sent.")
        self._limits, self._bodiless = limits, bodiless
        self._stage, self._filled, self._interim = _Stage.HEAD, 0, 0
        self._unsent = self._handed = self._received = 0
        self._is_handed = False
        self._pace.restart()
        self._into, self._filling, self._taken = into, None, 0
        waiter: asyncio.Future[Reply] = self._loop.create_future()
        self._waiter = waiter
        self._began_at = self._loop.time()
        self.deadline = self._began_at + limits.idle
        try:
            if wait := limits.line.delay():
                self.postpone(wait)
                await asyncio.sleep(wait)
            if body is None:
                self._transport.write(_encoded(head))
            elif isinstance(body, memoryview):
                if body.nbytes <= _JOINED_BYTES:
                    await self._wait_to_send(body.nbytes, body.nbytes)
                    self._transport.write(b"".join((_encoded(head), body)))
                else:
                    self._transport.write(_encoded(head))
                    await self._write(body, waiter)
            else:
                self._transport.write(_encoded(head))
                async for chunk in body:
                    await self._write(memoryview(chunk), waiter)
                    if waiter.done():
                        break
            self._is_handed = True
            limits.line.sent(min(self._handed, _AHEAD_BYTES))
            if limits.all_sent is not None:
                limits.all_sent()
            if not waiter.done():
                self.deadline = self._loop.time() + limits.answer
            return await waiter
        finally:
            self._pass_last_bytes()
            # Unsent bytes belong to a request that was answered early.
            if self._stage is not _Stage.ENDED or self._transport.get_write_buffer_size():
                self.abort()
            if waiter.done() and not waiter.cancelled():
                # A cancelled caller never retrieves the exception, and asyncio would log that.
                waiter.exception()
            self._waiter = self._into = None
            self._stage = _Stage.IDLE
            self._data = bytearray()

    async def _write(self, view: memoryview, waiter: asyncio.Future[Reply]) -> None:
        most = _SENT_BYTES
        while view:
            chunk = view[: min(most, self._limits.line.chunk_bytes or most)]
            view = view[chunk.nbytes :]
            ahead = max(0, _AHEAD_BYTES - self._handed)
            await self._wait_to_send(chunk.nbytes, max(0, chunk.nbytes - ahead))
            if waiter.done() or self._transport.is_closing():
                # An early answer, or the end of the connection: the rest is useless.
                self.reusable = False
                return
            self._transport.write(chunk)
            self._handed += chunk.nbytes
            if self._paused:
                paused_at = self._loop.time()
                self._drained = self._loop.create_future()
                await self._drained
                slow = self._loop.time() - paused_at >= _SENT_SECONDS
                most = _SENT_SLOWLY_BYTES if slow else _SENT_BYTES
            if self._limits.sent is not None:
                self._limits.sent(max(0, self._handed - self._transport.get_write_buffer_size()))
            self.deadline = self._loop.time() + self._limits.idle

    async def _wait_to_send(self, count: int, counted: int) -> None:
        """Count some of the bytes to send, and wait while the line's limit requires it."""
        self._limits.line.sent(counted)
        if wait := self._limits.line.reserve(count):
            self.postpone(wait)
            await asyncio.sleep(wait)

    # Reading.

    def _pause_reading(self, seconds: float) -> None:
        """Leave further bytes in the system's buffer for a while, so that the store sends more slowly."""
        self.postpone(seconds)
        self._transport.pause_reading()
        self._loop.call_later(seconds, self._transport.resume_reading)

    def _read_head(self) -> None:
        end = self._scratch.find(b"\r\n\r\n", 0, self._filled)
        while end != -1:
            lines = self._scratch[:end].decode("utf-8", "surrogateescape").split("\r\n")
            match = _STATUS.fullmatch(lines[0]) if len(lines[0]) <= _STATUS_LINE_CHARACTERS else None
            if match is None or len(lines) > _MOST_HEADERS:
                raise ValueError
            status = int(match[2])
            arrived = self._scratch_view[end + 4 : self._filled]
            if status >= 200:
                self._status = status
                self._headers = _headers(lines)
                if match[1] == "0" or "close" in self._headers.get("connection", "").lower():
                    self.reusable = False
                self._begin_body(arrived)
                return
            # 100 and 103 only announce the answer.
            self._interim += 1
            if self._interim > _MOST_INTERIM:
                raise ValueError
            left = len(arrived)
            self._scratch_view[:left] = bytes(arrived)
            self._filled = left
            end = self._scratch.find(b"\r\n\r\n", 0, left)
        if self._filled == SCRATCH_BYTES:
            raise ValueError

    def _begin_body(self, arrived: memoryview) -> None:
        headers = self._headers
        self._filled = 0
        if self._bodiless or self._status in (204, 304):
            self._finish(bytearray(), surplus=len(arrived))
            return
        coding, length = headers.get("transfer-encoding"), headers.get("content-length")
        self._data = bytearray()
        if coding is not None:
            if coding.strip().lower() != "chunked":
                raise ValueError
            if length is not None:
                # A proxy may have read one header and not the other (request smuggling).
                self.reusable = False
            self._stage = _Stage.CHUNKED
            self._chunks, self._chunk_left, self._chunk_count = bytearray(), 0, 0
            self._chunk_lines = 0
            self._read_stream(arrived)
        elif length is not None:
            if not _LENGTH.fullmatch(length):
                raise ValueError
            self._read_measured(int(length), arrived)
        else:
            self.reusable = False
            self._stage = _Stage.UNTIL_CLOSED
            self._read_stream(arrived)

    def _read_measured(self, length: int, arrived: memoryview) -> None:
        if length > self._most():
            self._discard()
            return
        here = len(arrived)
        if here >= length:
            self._finish(bytearray(arrived[:length]), surplus=here - length)
            return
        if self._into is not None and self._status < 300:
            self._stream(self._into, length, arrived)
            return
        self._data = data = bytearray(length)
        data[:here] = arrived
        self._stage = _Stage.MEASURED
        self._rest = memoryview(data)[here:]
        self._passed_at = self._loop.time()

    def _stream(self, into: Receiver, length: int, arrived: memoryview) -> None:
        """Begin to pass the body to the receiver in chunks that reuse the same memory."""
        if not self._chunk:
            self._chunk = memoryview(bytearray(_CHUNK_BYTES))
        self._stage = _Stage.MEASURED
        self._to_take = length
        try:
            into.begin(self._status, self._headers)
        except Exception as error:
            self._fail(NotTaken(error))
            return
        self._pass_to_receiver(into, arrived)

    def _pass_to_receiver(self, into: Receiver, some: memoryview) -> None:
        """Pass some of the body to the receiver, and prepare for the next chunk."""
        try:
            into.take(some)
        except Exception as error:
            self._fail(NotTaken(error))
            return
        self._passed_at = self._loop.time()
        self._taken += len(some)
        self._to_take -= len(some)
        if self._to_take:
            self._filling = self._rest = self._chunk[: self._to_take]
        else:
            self._finish(bytearray())

    def _pass_begun_chunk(self, now: float) -> None:
        """Pass on a chunk that is not full yet, or report how many bytes of a body in memory have arrived."""
        some, rest = self._begun_chunk(), self._rest
        if some and self._into is not None:
            self._pass_to_receiver(self._into, some)
        elif self._into is None and rest is not None and self._limits.received is not None:
            self._passed_at = now
            self._limits.received(len(self._data) - len(rest))

    def _pass_last_bytes(self) -> None:
        """Pass on what arrived before the exchange failed or was cancelled."""
        some, self._filling = self._begun_chunk(), None
        if some and self._into is not None:
            # The exchange has failed already; a full disk will be reported by the next attempt.
            with contextlib.suppress(Exception):
                self._into.take(some)

    def _begun_chunk(self) -> memoryview | None:
        filling, rest = self._filling, self._rest
        return None if filling is None or rest is None else filling[: len(filling) - len(rest)]

    def _read_stream(self, arrived: memoryview) -> None:
        if self._stage is _Stage.UNTIL_CLOSED:
            self._data += arrived
        else:
            self._chunks += arrived
            self._read_chunks()
        # One byte of the line end after a chunk may have arrived already.
        excess = self._stage is _Stage.CHUNKED and self._chunk_left == 1
        if len(self._data) - excess > self._most() and self._stage is not _Stage.ENDED:
            self._discard()

    def _read_chunks(self) -> None:
        chunks = self._chunks
        while chunks:
            if self._chunk_left:
                # The last two bytes of each chunk are its line end.
                taken = bytes(chunks[: self._chunk_left])
                self._chunk_left -= len(taken)
                del chunks[: len(taken)]
                self._data += taken
                if not self._chunk_left:
                    if not self._data.endswith(b"\r\n"):
                        raise ValueError
                    del self._data[-2:]
                continue
            end = chunks.find(b"\r\n")
            if (len(chunks) if end == -1 else end) > _CHUNK_LINE_BYTES:
                raise ValueError
            if end == -1:
                return
            match = _CHUNK_SIZE.fullmatch(chunks, 0, end)
            if match is None:
                raise ValueError
            size = int(match[1], 16)
            self._chunk_count += 1
            self._chunk_lines += end
            if self._chunk_count > _MOST_CHUNKS or self._chunk_lines > _MOST_CHUNK_LINES_BYTES:
                raise ValueError
            if size:
                del chunks[: end + 2]
                self._chunk_left = size + 2
                continue
            last = chunks.find(b"\r\n\r\n", end)
            if last == -1:
                if len(chunks) > SCRATCH_BYTES:
                    raise ValueError
                return
            self._finish(self._data, surplus=len(chunks) - last - 4)
            return

    def _most(self) -> int:
        return self._limits.body if self._status < 300 else self._limits.refusal

    def _discard(self) -> None:
        self.reusable = False
        self._finish(bytearray(), whole=False)

    def _finish(self, data: bytearray, *, surplus: int = 0, whole: bool = True) -> None:
        self._stage = _Stage.ENDED
        self._rest = None
        self._filled = 0
        if surplus:
            self.reusable = False
        if self._waiter is not None and not self._waiter.done():
            if self._into is not None and whole and self._status < 300 and not self._taken:
                # The body was short, or of unknown length.
                try:
                    self._into.begin(self._status, self._headers)
                    if data:
                        self._into.take(memoryview(data))
                except Exception as error:
                    self._fail(NotTaken(error))
                    return
                self._taken, data = len(data), bytearray()
            self._waiter.set_result(Reply(self._status, self._headers, data, whole, self._taken))
        self._wake_writer()

    def _fail(self, error: WireError | NotTaken) -> None:
        if not isinstance(error, NotTaken):
            self._pass_last_bytes()
        self.abort()
        self._rest = self._filling = None
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)
        self._wake_writer()

    def _wake_writer(self) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)


def head_of(line: str, headers: Headers) -> Secret:
    """Return a request's line and headers as one secret.

    Args:
        line: The request line.
        headers: The headers.

    Raises:
        ValueError: A header contains a line break, or cannot be encoded.
    """
    text = (
        f"{line}\r\n"
        + "".join([f"{name}: {revealed(value)}\r\n" for name, value in headers.items()])
        + "\r\n"
    )
    lines = len(headers) + 2
    head = Secret(text, "request") if text.count("\n") == lines == text.count("\r") else None
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        head = None
    # The error's frames must not show it.
    del text
    if head is None:
        raise ValueError("A header contains a line break, or cannot be encoded.")
    return head


def revealed(value: str | Secret) -> str:
    """Return a header's value as it is sent and signed."""
    return value if isinstance(value, str) else value.reveal()


def _encoded(head: Secret) -> bytes:
    return head.reveal().encode("utf-8", "surrogateescape")


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name[-1] in " \t" or name[0] in " \t":
            raise ValueError
        name, value = name.lower(), value.strip(" \t")
        if name in headers:
            if name == "content-length" and headers[name] != value:
                raise ValueError
            if name != "content-length":
                value = f"{headers[name]}, {value}"
        headers[name] = value
    return headers
