"""Requests and answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote_to_bytes

from provena_sdk.sandbox.object_store.storage.blobs import Blob
from provena_sdk.sandbox.object_store.storage.errors import S3Error

STATUS_LINES = {
    status: f"HTTP/1.1 {status} {phrase}\r\n".encode()
    for status, phrase in {
        200: "OK",
        204: "No Content",
        206: "Partial Content",
        304: "Not Modified",
        400: "Bad Request",
        403: "Forbidden",
        404: "Not Found",
        405: "Method Not Allowed",
        409: "Conflict",
        411: "Length Required",
        412: "Precondition Failed",
        416: "Requested Range Not Satisfiable",
        500: "Internal Server Error",
        501: "Not Implemented",
        503: "Slow Down",
    }.items()
}


class Request:
    """One request: its head and its target."""

    __slots__ = (
        "bucket",
        "headers",
        "id",
        "keep_alive",
        "key",
        "method",
        "operation",
        "params",
        "query",
        "raw_path",
    )

    def __init__(
        self, method: str, target: bytes, headers: dict[str, str], keep_alive: bool, id: str
    ) -> None:
        self.method = method
        self.headers = headers
        self.keep_alive = keep_alive
        self.id = id
        self.operation = ""
        raw_path, mark, raw_query = target.decode("latin-1").partition("?")
        self.raw_path = raw_path
        self.query: list[tuple[str, str]] = parse_qsl(raw_query, keep_blank_values=True) if mark else []
        self.params: dict[str, str] = dict(self.query)
        self.bucket, self.key = "", ""

    def locate(self) -> None:
        """Parse bucket and key from the path.

        Raises:
            S3Error: ``InvalidURI`` if the path is not UTF-8 or does not begin with a slash.
        """
        if not self.raw_path.startswith("/"):
            raise S3Error("InvalidURI")
        path = self.raw_path
        if "%" in path or not path.isascii():
            try:
                path = unquote_to_bytes(path.encode("latin-1")).decode()
            except UnicodeDecodeError:
                raise S3Error("InvalidURI") from None
        self.bucket, _, self.key = path[1:].partition("/")


class RequestRecord(NamedTuple):
    """A request that was answered.

    Attributes:
        range: The header as sent.
        status: Status of the answer; 0 if the connection was cut.
        received: Bytes of the request's body that arrived, after decoding.
    """

    method: str
    operation: str
    bucket: str
    key: str
    range: str
    status: int
    received: int = 0


@dataclass(slots=True)
class Response:
    """An answer: status, header lines, and a body composed of slices of blobs.

    ``length`` is the body's length in bytes, even if no body follows (HEAD); None omits the header.
    """

    status: int
    head: bytes = b""
    body: list[tuple[Blob, int, int]] = field(default_factory=list)
    length: int | None = 0


def header_lines(pairs: Iterable[tuple[str, str]]) -> bytes:
    """Return header lines; line breaks in values become spaces."""
    return "".join(f"{name}: {' '.join(value.splitlines())}\r\n" for name, value in pairs).encode(
        "utf-8", "surrogateescape"
    )


def xml_response(status: int, text: str, head: bytes = b"") -> Response:
    """Return an answer with an XML body."""
    data = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    return Response(
        status,
        b"content-type: application/xml\r\n" + head,
        [(Blob(len(data), data=data), 0, len(data))],
        len(data),
    )
