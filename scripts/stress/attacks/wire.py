"""Requests as they arrive, and answers as an attacker writes them: bytes, pauses, and no promise to be HTTP."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

Steps: TypeAlias = Iterable["bytes | float"]
"""What is sent, in turn: bytes, or seconds to wait."""

MEBIBYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """One request.

    Attributes:
        role: Which of the servers was asked.
        operation: What for; see :func:`scripts.stress.attacks.honest.operation`.
        method: The HTTP method.
        target: The path and query as they came.
        headers: The headers, names in lower case.
        body: The body.
        number: How many requests for the same operation came before, in this case.
    """

    role: str
    operation: str
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    number: int = 0

    @property
    def path(self) -> str:
        """The path, decoded."""
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        """The query, decoded."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of a JSON body."""
        found = json.loads(self.body or b"{}")
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        steps: What is sent.
        keep: Whether the connection stays open for another request.
    """

    steps: Steps
    keep: bool = False


Answer: TypeAlias = "Reply | Callable[[Asked], Reply]"


def head(status: str, *headers: str) -> bytes:
    """Write the head of an answer, whatever the headers hold."""
    lines = [f"HTTP/1.1 {status}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")


def say(status: str, body: bytes | str = b"", *headers: str, media: str = "application/json") -> Reply:
    """Answer as HTTP has it."""
    data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    return Reply(
        [head(status, f"Content-Type: {media}", f"Content-Length: {len(data)}", *headers), data], keep=True
    )


def say_json(value: object, status: str = "200 OK", *headers: str) -> Reply:
    """Answer with JSON."""
    return say(status, json.dumps(value), *headers)


def raw(*parts: bytes | str) -> Reply:
    """Send these bytes, and close the connection."""
    return Reply(
        [part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part for part in parts]
    )


def drip(data: bytes, pause: float, *, first: bytes = b"") -> Reply:
    """Send byte by byte, with a pause in seconds before each."""
    steps: list[bytes | float] = [first]
    for index in range(len(data)):
        steps += [pause, data[index : index + 1]]
    return Reply(steps)


class _Endless:
    """Steps that can be gone through any number of times, and never end."""

    def __init__(self, first: bytes, chunk: bytes, pause: float) -> None:
        self._sent = first, chunk, pause

    def __iter__(self) -> Iterator[bytes | float]:
        first, chunk, pause = self._sent
        yield first
        while True:
            yield chunk
            if pause:
                yield pause


def endless(first: bytes, chunk: bytes, pause: float = 0.0) -> Reply:
    """Send ``chunk`` again and again until the other side has had enough."""
    return Reply(_Endless(first, chunk, pause))


def silent() -> Reply:
    """Say nothing, and keep the connection open."""
    return Reply([60.0])


def cut(data: bytes) -> Reply:
    """Announce a body of which only the first half comes."""
    return raw(
        head("200 OK", "Content-Type: application/json", f"Content-Length: {len(data)}"),
        data[: len(data) // 2],
    )


def in_chunks(data: bytes, *headers: str, status: str = "200 OK") -> Reply:
    """Answer in one chunk."""
    return raw(
        head(status, "Transfer-Encoding: chunked", *headers), b"%x\r\n" % len(data), data, b"\r\n0\r\n\r\n"
    )


def packed(data: bytes, status: str = "200 OK", media: str = "application/json") -> Reply:
    """Answer with a body packed by gzip."""
    return say(status, gzip.compress(data, mtime=0), "Content-Encoding: gzip", media=media)


@lru_cache(maxsize=4)
def bomb(mebibytes: int, beginning: bytes = b'{"message": "', filler: bytes = b" ") -> bytes:
    """Pack so many MiB of filler by gzip, into about a thousandth."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    block = filler * (MEBIBYTE // len(filler))
    parts = [packer.compress(beginning), *(packer.compress(block) for _ in range(mebibytes)), packer.flush()]
    return b"".join(parts)
