"""Answers that are not HTTP, or HTTP that nobody should write, from each of the servers in turn."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from scripts.stress.attacks import actions, honest
from scripts.stress.attacks.actions import Action
from scripts.stress.attacks.case import Case, case
from scripts.stress.attacks.honest_store import FILES, entry, etag, listing
from scripts.stress.attacks.scene import PATIENCE
from scripts.stress.attacks.wire import (
    MEBIBYTE,
    Answer,
    Reply,
    bomb,
    drip,
    endless,
    head,
    in_chunks,
    packed,
    raw,
    say,
    silent,
)


@dataclass(frozen=True)
class Target:
    """One kind of answer, which every attack on HTTP is tried on.

    Attributes:
        name: Whose answer it is.
        act: What the user does meanwhile.
        operation: What is answered.
        body: The honest body.
        media: Its type.
        headers: What an honest answer has besides.
    """

    name: str
    act: Action
    operation: str
    body: bytes
    media: str
    headers: tuple[str, ...] = ()


Attack: TypeAlias = Callable[[Target], Answer]

_JSON: Final = "application/json"
_HURRY: Final = 0.4
_FILE: Final = FILES["obs/2024.csv"]

TARGETS: Final = (
    Target("sign-in", actions.REFRESH, "token", json.dumps(honest.tokens()).encode(), _JSON),
    Target("datastore", actions.FETCH, "fetch", json.dumps(honest.fetched()).encode(), _JSON),
    Target(
        "listing",
        actions.LIST_FILES,
        "ListObjects",
        listing(*(entry(path, data) for path, data in sorted(actions.ALL_FILES.items()))).encode(),
        "application/xml",
    ),
    Target(
        "object",
        actions.READ,
        "GetObject",
        _FILE,
        "text/csv",
        (f'ETag: "{etag(_FILE)}"', f"Content-Range: bytes 0-{len(_FILE) - 1}/{len(_FILE)}"),
    ),
)


def _status(target: Target) -> str:
    return "206 Partial Content" if target.operation == "GetObject" else "200 OK"


def _with(*lines: str, body: bytes | None = None, status: str | None = None) -> Attack:
    """Answer with these headers beside the honest ones; no length is told but by them."""

    def attack(target: Target) -> Answer:
        sent = target.body if body is None else body
        return raw(
            head(status or _status(target), f"Content-Type: {target.media}", *target.headers, *lines), sent
        )

    return attack


def _length(text: str) -> Attack:
    return _with(f"Content-Length: {text}")


def _chunked(body: bytes, *lines: str) -> Attack:
    return _with("Transfer-Encoding: chunked", *lines, body=body)


def _always(reply: Reply) -> Attack:
    return lambda target: reply


def _head(target: Target, *lines: str) -> bytes:
    return head(_status(target), f"Content-Type: {target.media}", *target.headers, *lines)


_START: Final = b"HTTP/1.1 200 OK\r\n"

HEADS: Final[dict[str, Attack]] = {
    "nothing at all": _always(raw(b"")),
    "another protocol": _always(raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")),
    "HTTP/0.9": _always(raw(b"<html>Hello</html>")),
    "a frame of HTTP/2": _always(raw(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18))),
    "HTTP/2 as text": lambda t: raw(b"HTTP/2 200\r\nContent-Length: 2\r\n\r\n{}"),
    "a status of four digits": lambda t: raw(b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\n{}"),
    "a status in words": lambda t: raw(b"HTTP/1.1 fine OK\r\nContent-Length: 2\r\n\r\n{}"),
    "a negative status": lambda t: raw(b"HTTP/1.1 -200 OK\r\nContent-Length: 2\r\n\r\n{}"),
    "a status in other digits": lambda t: raw("HTTP/1.1 ٢٠٠ OK\r\nContent-Length: 2\r\n\r\n{}"),
    "status 999": lambda t: raw(b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\n{}"),
    "status 101": lambda t: raw(b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n"),
    "endless status 100": _always(endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100)),
    "a reason that controls the terminal": lambda t: raw(
        b"HTTP/1.1 500 \x1b]0;owned\x07\x1b[2J\r\nContent-Length: 0\r\n\r\n"
    ),
    "an endless status line": _always(endless(b"HTTP/1.1 200 ", b"O" * 65536)),
    "an endless header": _always(endless(_START + b"X-Long: ", b"x" * 65536)),
    "endless headers": _always(endless(_START, b"X-More: yes\r\n" * 4096)),
    "50,000 headers": lambda t: raw(
        head("200 OK", *(f"X-{number}: y" for number in range(50_000)), f"Content-Length: {len(t.body)}"),
        t.body,
    ),
    "a header without a colon": _with("this is not a header"),
    "a header without a name": _with(": nameless"),
    "a header with NUL": _with("X-Odd: a\x00b"),
    "a header with escapes": _with("X-Odd: \x1b[2J\x1b]52;c;ZXZpbA==\x07"),
    "a header in Latin-1": lambda t: raw(
        _head(t, f"Content-Length: {len(t.body)}", "X-Odd: \udce9t\udce9"), t.body
    ),
    "folded headers": _with("X-Folded: one", "  two", "\tthree"),
    "a bare line feed": lambda t: raw(
        _head(t, f"Content-Length: {len(t.body)}").replace(b"\r\n", b"\n"), t.body
    ),
    "a bare carriage return": _with("X-Odd: a\rSet-Cookie: b"),
    "a thousand cookies": _with(
        *(f"Set-Cookie: c{number}={'v' * 50}; Domain=127.0.0.1" for number in range(1000))
    ),
}

LENGTHS: Final[dict[str, Attack]] = {
    "a length of 5,000 digits": _length("9" * 5000),
    "a negative length": _length("-5"),
    "a length with an underscore": _length("1_0"),
    "a length in other digits": _length("٣"),
    "a length in hex": _length("0x20"),
    "a length as a float": _length("1e3"),
    "a length with a sign": _length("+20"),
    "a length that is empty": _length(""),
    "a length of 18 digits": _length("9" * 18),
    "a list of lengths": _length("20, 20"),
    "two lengths": _with("Content-Length: 5", "Content-Length: 50000"),
    "a length that is too short": _length("5"),
    "a length that is too long": lambda t: raw(_head(t, f"Content-Length: {len(t.body) + 9}"), t.body),
    "a length and chunks": lambda t: in_chunks(t.body, "Content-Length: 5", *t.headers, status=_status(t)),
}

CHUNKS: Final[dict[str, Attack]] = {
    "a chunk's size in words": _chunked(b"many\r\n{}\r\n0\r\n\r\n"),
    "a chunk's size that is negative": _chunked(b"-2\r\n{}\r\n0\r\n\r\n"),
    "a chunk's size of 5,000 digits": _chunked(b"9" * 5000 + b"\r\n{}"),
    "a chunk's size with an underscore": _chunked(b"0_2\r\n{}\r\n0\r\n\r\n"),
    "a chunk's size beyond all memory": _chunked(b"7fffffffffffffff\r\n{}"),
    "chunks without an end": lambda t: raw(
        _head(t, "Transfer-Encoding: chunked"), b"%x\r\n" % len(t.body), t.body, b"\r\n"
    ),
    "chunks without line ends": _chunked(b"2\r\n{}0\r\n\r\n"),
    "an endless chunk extension": _always(
        endless(head("200 OK", "Transfer-Encoding: chunked") + b"2;", b"x" * 65536)
    ),
    "an endless trailer": _always(
        endless(head("200 OK", "Transfer-Encoding: chunked") + b"2\r\n{}\r\n0\r\n", b"X-More: yes\r\n" * 4096)
    ),
    "endless chunks of one byte": _always(
        endless(head("200 OK", "Transfer-Encoding: chunked"), b"1\r\n \r\n" * 4096)
    ),
    "an unknown transfer coding": _with("Transfer-Encoding: gzip, rot13"),
    "chunked twice": _with("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
}


def _bomb(target: Target, mebibytes: int = 400) -> Reply:
    return say(
        _status(target), bomb(mebibytes), "Content-Encoding: gzip", *target.headers, media=target.media
    )


BODIES: Final[dict[str, Attack]] = {
    "an empty body": _with("Content-Length: 0", body=b""),
    "half of the body": lambda t: raw(_head(t, f"Content-Length: {len(t.body)}"), t.body[: len(t.body) // 2]),
    "half of the body, and the end": lambda t: raw(_head(t), t.body[: len(t.body) // 2]),
    "an endless body": lambda t: endless(_head(t), b" " * 65536),
    "an endless body of a length": lambda t: endless(_head(t, f"Content-Length: {1 << 50}"), b" " * 65536),
    "a gzip bomb": lambda t: lambda asked: _bomb(t),
    "a gzip bomb as an error": lambda t: (
        lambda asked: say("400 Bad", bomb(400), "Content-Encoding: gzip", media=t.media)
    ),
    "a gzip bomb in a bomb": lambda t: (
        lambda asked: say(_status(t), _squeezed(bomb(400)), "Content-Encoding: gzip, gzip", media=t.media)
    ),
    "a hundred codings": lambda t: say(
        _status(t), t.body, f"Content-Encoding: {', '.join(['gzip'] * 100)}", *t.headers, media=t.media
    ),
    "gzip that is none": lambda t: say(
        _status(t), t.body, "Content-Encoding: gzip", *t.headers, media=t.media
    ),
    "gzip that was cut": lambda t: say(
        _status(t), _squeezed(t.body)[:-9], "Content-Encoding: gzip", *t.headers, media=t.media
    ),
    "an unknown coding": lambda t: say(
        _status(t), t.body, "Content-Encoding: x-evil", *t.headers, media=t.media
    ),
    "deflate that is none": lambda t: say(
        _status(t), b"\x78\x9c" + t.body, "Content-Encoding: deflate", *t.headers, media=t.media
    ),
    "10 MB of brackets": lambda t: say(_status(t), b"[" * 10 * MEBIBYTE, media=t.media),
    "bytes that are not text": lambda t: say(_status(t), bytes(range(128, 256)) * 64, media=t.media),
    "NUL bytes": lambda t: say(_status(t), bytes(1000), media=t.media),
    "status 204": _with(body=b"", status="204 No Content"),
    "status 205": _with("Content-Length: 0", body=b"", status="205 Reset"),
    "status 226": lambda t: say("226 IM Used", t.body, *t.headers, media=t.media),
    "status 304": _with(body=b"", status="304 Not Modified"),
    "status 407": lambda t: say("407 Proxy Authentication Required", b"", "Proxy-Authenticate: Basic"),
    "status 418": lambda t: say("418 Teapot", b"short and stout", media="text/plain"),
}

TIMES: Final[dict[str, Attack]] = {
    "silence": _always(silent()),
    "silence behind the head": lambda t: Reply([_head(t, f"Content-Length: {len(t.body)}"), 60.0]),
    "a head that drips": lambda t: drip(_head(t), 0.2),
    "a body that drips": lambda t: drip(t.body, 0.2, first=_head(t, f"Content-Length: {len(t.body)}")),
    "chunks that drip": lambda t: endless(_head(t, "Transfer-Encoding: chunked"), b"1\r\n \r\n", 0.2),
    "white space that drips": lambda t: endless(_head(t), b" ", 0.2),
}

CHARSETS: Final = (
    "idna",
    "no-such-charset",
    "utf-16",
    "unicode_escape",
    "zip",
    "undefined",
    "\x1b[2J",
    "x" * 5000,
)


def _squeezed(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def cases() -> Iterator[Case]:
    """Every attack on every kind of answer."""
    families = {
        "head": HEADS,
        "length": LENGTHS,
        "chunks": CHUNKS,
        "body": BODIES,
        "time": TIMES,
    }
    for target in TARGETS:
        for area, attacks in families.items():
            for name, attack in attacks.items():
                yield _case(area, f"{name} from the {target.name}", target, attack(target))
        if target.media == _JSON:
            for charset in CHARSETS:
                answer = say("200 OK", target.body, media=f"text/html; charset={charset}")
                yield _case("charset", f"{charset[:20]!a} from the {target.name}", target, answer)
                failing = say("400 Bad", b"\xff\xfe no \xed\xa0\x80", media=f"text/plain; charset={charset}")
                yield _case("charset", f"{charset[:20]!a} in an error of the {target.name}", target, failing)
        if target.name != "object":
            yield _case(
                "body", f"gzip that was not asked for from the {target.name}", target, packed(target.body)
            )


def _case(area: str, name: str, target: Target, answer: Answer) -> Case:
    # What never ends is waited for, and need not be for long.
    patience = _HURRY if area == "time" or "endless" in name else PATIENCE
    return case(area, name, target.act, target.operation, answer, harmless=True, patience=patience)
