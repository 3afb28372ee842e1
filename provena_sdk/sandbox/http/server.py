"""A small HTTP/1.1 server for loopback, on one event loop, without a framework.

The sandbox needs control of the connection: to delay an answer, cut it in the middle or never send it, which a
framework would not allow. httptools does the parsing.
"""

from __future__ import annotations

import asyncio
import json
import traceback
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Final, cast
from urllib.parse import parse_qsl, unquote

import httptools

MAX_BODY_BYTES: Final = 64 * 1024 * 1024
_REASONS: Final = {status.value: status.phrase for status in HTTPStatus}
_JSON: Final = "application/json"
_TEXT: Final = "text/plain; charset=utf-8"
_HTML: Final = "text/html; charset=utf-8"
# Otherwise a page elsewhere could show ours in a frame and trick users into pressing its buttons (clickjacking).
_PAGE_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "x-frame-options": "DENY",
}


@dataclass(slots=True)
class Request:
    """One complete request.

    Attributes:
        method: The method in capitals.
        target: The path with its query string, as received.
        path: The path, percent-decoded.
        query: The query parameters; the last value of each.
        headers: Header fields by lower-case name.
        body: The body's bytes.
    """

    method: str
    target: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def form(self) -> dict[str, str]:
        """Return the body parsed as ``application/x-www-form-urlencoded``."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(slots=True)
class Response:
    """One answer; ``headers`` are added to those that every answer has."""

    status: int = 200
    body: bytes = b""
    content_type: str | None = _JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def encode_json(value: object) -> bytes:
    """Return compact UTF-8 JSON."""
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair can only be escaped
        return json.dumps(value, separators=(",", ":")).encode()


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer with ``value`` as JSON."""
    return Response(status, encode_json(value), headers=headers or {})


def text_response(text: str, status: int = 200) -> Response:
    """Return an answer in plain text."""
    return Response(status, text.encode(), _TEXT)


def html_response(text: str, status: int = 200) -> Response:
    """Return a web page, which other sites cannot frame."""
    return Response(status, text.encode(), _HTML, _PAGE_HEADERS)


class Connection:
    """The connection of a request, for answers that break it."""

    def __init__(self, protocol: _Protocol) -> None:
        self._protocol = protocol

    def reset(self) -> None:
        """Break the connection at once, without an answer."""
        self._protocol.abort()

    def send_part(self, response: Response, length: int) -> None:
        """Send the head and ``length`` bytes of the body, then break the connection."""
        self._protocol.write_cut(response, length)


Handler = Callable[[Request, Connection], "Response | Awaitable[Response | None]"]


class _Protocol(asyncio.Protocol):
    def __init__(self, server: Server) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = 0
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._connection = Connection(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._server.connections.add(self)
        if self._server.closed:
            # Accepted while stopping; since Python 3.12 the server waits for such a connection to end.
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self)
        self._transport = None

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._write(text_response("Invalid HTTP request received.", 400), keep=False, head=False)

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers = {}
        self._body = []
        self._size = 0

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._headers.get("expect", "").lower() == "100-continue" and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        before, self._size = self._size, self._size + len(body)
        if before > MAX_BODY_BYTES:
            return
        if self._size > MAX_BODY_BYTES:
            self._write(json_response({"detail": "Request Entity Too Large"}, 413), keep=False, head=False)
            return
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._size > MAX_BODY_BYTES:
            return  # already refused
        target = self._url.decode("latin-1")
        path, _, query = target.partition("?")
        request = Request(
            method=self._parser.get_method().decode("ascii"),
            target=target,
            path=unquote(path),
            query=dict(parse_qsl(query, keep_blank_values=True)) if query else {},
            headers=self._headers,
            body=self._body[0] if len(self._body) == 1 else b"".join(self._body),
        )
        keep = self._parser.should_keep_alive()
        if self._task is not None or self._waiting:
            self._waiting.append((request, keep))
        else:
            self._answer(request, keep)

    def _answer(self, request: Request, keep: bool) -> None:
        head = request.method == "HEAD"
        try:
            response = self._server.handler(request, self._connection)
        except Exception:
            self._server.report_crash()
            response = text_response("Internal Server Error", 500)
        if isinstance(response, Response):
            self._write(response, keep, head)
            return
        self._task = asyncio.ensure_future(self._answer_later(response, keep, head))
        self._server.tasks.add(self._task)
        self._task.add_done_callback(self._server.tasks.discard)

    async def _answer_later(self, pending: Awaitable[Response | None], keep: bool, head: bool) -> None:
        try:
            response = await pending
        except Exception:
            self._server.report_crash()
            response = text_response("Internal Server Error", 500)
        if response is not None:
            self._write(response, keep, head)
        self._task = None
        while self._waiting and self._task is None:
            self._answer(*self._waiting.popleft())

    def _head(self, response: Response, keep: bool) -> bytes:
        lines = [
            f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Unknown')}",
            self._server.date_line(),
        ]
        if response.content_type is not None:
            lines.append(f"content-type: {response.content_type}")
        if response.status != HTTPStatus.NO_CONTENT:
            lines.append(f"content-length: {len(response.body)}")
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        if not keep:
            lines.append("connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _write(self, response: Response, keep: bool, head: bool) -> None:
        if self._transport is None:
            return
        self._transport.write(self._head(response, keep) + (b"" if head else response.body))
        if not keep:
            self._transport.close()

    def write_cut(self, response: Response, length: int) -> None:
        if self._transport is not None:
            self._transport.write(self._head(response, True) + response.body[:length])
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class Server:
    """A listening server; ``serve`` makes one.

    Attributes:
        url: Its base URL, without a slash at the end.
    """

    def __init__(self, handler: Handler, clock: Callable[[], float]) -> None:
        self.handler = handler
        self.url = ""
        self.connections: set[_Protocol] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.crashes: list[str] = []
        self.closed = False
        self._clock = clock
        self._date: tuple[int, str] = (0, "")
        self._listener: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> None:
        """Start listening; port 0 picks a free one."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: _Protocol(self), host, port, backlog=512)
        name = self._listener.sockets[0].getsockname()
        self.url = f"http://{name[0]}:{name[1]}"

    def date_line(self) -> str:
        """Return the ``date`` header line for this second."""
        now = int(self._clock())
        if self._date[0] != now:
            self._date = (now, f"date: {formatdate(now, usegmt=True)}")
        return self._date[1]

    def report_crash(self) -> None:
        """Record the traceback of an answer that failed with a bare 500."""
        self.crashes.append(traceback.format_exc())

    async def close(self) -> None:
        """Stop listening and break every connection."""
        self.closed = True
        if self._listener is not None:
            self._listener.close()
        for connection in list(self.connections):
            connection.abort()
        for task in list(self.tasks):
            task.cancel()
        if self._listener is not None:
            await self._listener.wait_closed()
            self._listener = None


async def serve(handler: Handler, *, host: str, port: int, clock: Callable[[], float]) -> Server:
    """Start a server for ``handler``.

    Args:
        handler: Called with each request on the event loop; returns the answer or an awaitable.
        host: Address to listen on.
        port: Port to listen on; 0 picks a free one.
        clock: Returns the time for the ``date`` header, in Unix seconds.
    """
    server = Server(handler, clock)
    await server.listen(host, port)
    return server
