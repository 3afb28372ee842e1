"""Objects of the store that are not what was asked for, and uploads that it says to have taken."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any, Final

from scripts.stress.attacks import actions, honest
from scripts.stress.attacks.actions import Action
from scripts.stress.attacks.case import Case, case
from scripts.stress.attacks.honest_store import BIG, FILES, HTTP_MODIFIED, crc32, error, etag, say_xml
from scripts.stress.attacks.wire import Asked, Reply, head, raw, say

_DATA: Final = FILES["obs/2024.csv"]
_FORGED: Final = bytes(reversed(_DATA))
_READERS: Final[tuple[tuple[Action, bytes], ...]] = (
    (actions.DOWNLOAD_ONE, _DATA),
    (actions.READ, _DATA),
    (actions.FS_CAT, _DATA),
)


def cases() -> Iterator[Case]:
    """Every case."""
    yield from _objects()
    yield from _headers()
    yield from _pieces()
    yield from _errors()
    yield from _uploads()


def _sent(data: bytes, *lines: str, part: bool = False) -> Reply:
    status = "206 Partial Content" if part else "200 OK"
    return say(status, data, *lines, media="application/octet-stream")


def _objects() -> Iterator[Case]:
    named = f'ETag: "{etag(_DATA)}"'
    forged: dict[str, Reply] = {
        "other bytes without an ETag": _sent(_FORGED),
        "other bytes under another ETag": _sent(_FORGED, f'ETag: "{etag(_FORGED)}"'),
        "other bytes under the right ETag": _sent(_FORGED, named),
        "other bytes with the right checksum": _sent(_FORGED, named, f"x-amz-checksum-crc32: {crc32(_DATA)}"),
        "other bytes under a weak ETag": _sent(_FORGED, f'ETag: W/"{etag(_DATA)}"'),
        "other bytes under two ETags": _sent(_FORGED, named, f'ETag: "{etag(_FORGED)}"'),
        "more bytes": _sent(_DATA * 2, named),
        "fewer bytes": _sent(_DATA[:-1], named),
        "no bytes": _sent(b"", named),
        "a web page": say("200 OK", "<html>Log in</html>", media="text/html"),
        "an error with 200": say_xml("<Error><Code>SlowDown</Code></Error>"),
    }
    for name, reply in forged.items():
        # Read without a plan, bytes cannot be told from others of the right ETag and size.
        told = (
            "without" in name or "another" in name or "bytes" not in name or "more" in name or "fewer" in name
        )
        yield case("object", name, actions.DOWNLOAD_ONE, "GetObject", reply)
        if told:
            yield case(
                "object", name, actions.READ, "GetObject", reply, right=lambda found, _: found != _DATA
            )


def _headers() -> Iterator[Case]:
    base = (f'ETag: "{etag(_DATA)}"', f"Last-Modified: {HTTP_MODIFIED}")
    odd = {
        "an ETag of 60,000 letters": f'ETag: "{"e" * 60_000}"',
        "an ETag with lines": 'ETag: "a\rb"',
        "an ETag of parts": f'ETag: "{"a" * 32}-99999999999"',
        "an ETag of 5,000 digits": f'ETag: "{"a" * 32}-{"9" * 5000}"',
        "an ETag in another script": 'ETag: "é٣"',
        "an empty ETag": 'ETag: ""',
        "a checksum that is none": "x-amz-checksum-crc32: !!!!",
        "a checksum of 60,000 letters": f"x-amz-checksum-sha256: {'A' * 60_000}",
        "a checksum that is too short": f"x-amz-checksum-crc32: {base64.b64encode(b'x').decode()}",
        "a checksum of parts": f"x-amz-checksum-crc32: {crc32(_DATA)}-3",
        "a checksum of parts beyond": f"x-amz-checksum-crc32: {crc32(_DATA)}-{'9' * 5000}",
        "a kind of checksum that is none": "x-amz-checksum-type: EVIL",
        "parts in another script": "x-amz-mp-parts-count: ٣",
        "parts of 5,000 digits": f"x-amz-mp-parts-count: {'9' * 5000}",
        "parts beyond all": "x-amz-mp-parts-count: 999999999",
        "a superscript of parts": "x-amz-mp-parts-count: ²",
        "a time that is none": "Last-Modified: yesterday",
        "a time at the end": "Last-Modified: Fri, 31 Dec 9999 23:59:59 GMT",
        "a time in another script": "Last-Modified: Wed, ٠١ May ٢٠٢٤ ٠٨:٣٠:٠٠ GMT",
        "a type with escapes": "Content-Type: text/\x1b[2J",
        "a type of 60,000 letters": f"Content-Type: {'x' * 60_000}",
        "a version": "x-amz-version-id: ../../evil",
        "metadata with escapes": "x-amz-meta-note: \x1b[2J",
        "a date at the end": "Date: Fri, 31 Dec 9999 23:59:59 GMT",
    }
    for name, line in odd.items():
        kept = [one for one in base if not line.startswith(one.partition(":")[0])]
        for act in (actions.DOWNLOAD_ONE, actions.READ):
            yield case("object", f"{name}", act, "GetObject", _sent(_DATA, line, *kept), harmless=True)
        answered = raw(head("200 OK", f"Content-Length: {len(_DATA)}", line, *kept))
        yield case("object", f"{name} by HEAD", actions.FS_INFO, "HeadObject", answered, harmless=True)
        yield case("object", f"{name} by HEAD", actions.DOWNLOAD_ONE, "HeadObject", answered, harmless=True)
    for length in ("9" * 5000, "-5", "1_0", "٣", "", "1e3"):
        answered = raw(head("200 OK", f"Content-Length: {length}", *base))
        for act in (actions.FS_INFO, actions.DOWNLOAD_ONE):
            yield case(
                "object", f"a length {length[:9]!a} by HEAD", act, "HeadObject", answered, harmless=True
            )


def _pieces() -> Iterator[Case]:
    def ranged(write: Callable[[int, int], Reply]) -> Callable[[Asked], Reply]:
        def answer(asked: Asked) -> Reply:
            first, _, last = asked.headers.get("range", "bytes=0-0").removeprefix("bytes=").partition("-")
            return write(int(first or 0), int(last or 0))

        return answer

    named = f'ETag: "{etag(BIG)}"'
    size = len(BIG)
    attacks: dict[str, Callable[[int, int], Reply]] = {
        "of other places": lambda a, b: _sent(
            BIG[a : b + 1], named, f"Content-Range: bytes {a + 1}-{b + 1}/{size}", part=True
        ),
        "of another size": lambda a, b: _sent(
            BIG[a : b + 1], named, f"Content-Range: bytes {a}-{b}/{size + 1}", part=True
        ),
        "of 5,000 digits": lambda a, b: _sent(
            BIG[a : b + 1], f"Content-Range: bytes {a}-{b}/{'9' * 5000}", part=True
        ),
        "without a place": lambda a, b: _sent(BIG[a : b + 1], named, part=True),
        "in another script": lambda a, b: _sent(BIG[a : b + 1], "Content-Range: bytes ٣-٤/٥", part=True),
        "that are the whole": lambda a, b: _sent(BIG, named),
        "from behind": lambda a, b: _sent(BIG[a : b + 1], f"Content-Range: bytes {b}-{a}/{size}", part=True),
        "with other bytes": lambda a, b: _sent(
            bytes(b + 1 - a), named, f"Content-Range: bytes {a}-{b}/{size}", part=True
        ),
        "without an ETag": lambda a, b: _sent(
            BIG[a : b + 1], f"Content-Range: bytes {a}-{b}/{size}", part=True
        ),
        "under another ETag": lambda a, b: _sent(
            BIG[a : b + 1], 'ETag: "other"', f"Content-Range: bytes {a}-{b}/{size}", part=True
        ),
        "in many parts": lambda a, b: say(
            "206 Partial", b"--x\r\n\r\n", media="multipart/byteranges; boundary=x"
        ),
    }
    for name, write in attacks.items():
        yield case("piece", f"pieces {name}", actions.DOWNLOAD_BIG, "GetObject", ranged(write), harmless=True)


def _errors() -> Iterator[Case]:
    secrets = f"<Token>{honest.SESSION_TOKEN}</Token><AWSAccessKeyId>{honest.KEY_ID}</AWSAccessKeyId>"
    codes = {
        "ExpiredToken": "400 Bad",
        "InvalidAccessKeyId": "403 No",
        "AccessDenied": "403 No",
        "SlowDown": "503 No",
        "InternalError": "500 No",
        "RequestTimeTooSkewed": "403 No",
        "PermanentRedirect": "301 Moved",
        "\x1b[2J": "400 No",
        "A" * 100_000: "400 No",
        honest.SESSION_TOKEN: "400 No",
        "{0.__class__}%s": "400 No",
        "NoSuchBucket": "404 No",
        "InvalidRange": "416 No",
        "PreconditionFailed": "412 No",
        "NotModified": "304 No",
    }
    for code, status in codes.items():
        for act, operation in (
            (actions.LIST_FILES, "ListObjects"),
            (actions.READ, "GetObject"),
            (actions.UPLOAD, "PutObject"),
        ):
            reply = error(code.replace("\x1b", "&#27;"), status, message=honest.SECRET_KEY, extra=secrets)
            yield case("store error", f"{code[:20]!a} for {operation}", act, operation, reply)

    def echo(asked: Asked) -> Reply:
        return error("InvalidToken", "400 Bad", message=str(asked.headers), extra=secrets)

    for act, operation in (
        (actions.LIST_FILES, "ListObjects"),
        (actions.DOWNLOAD_ONE, "GetObject"),
        (actions.WRITE, "PutObject"),
        (actions.FS_CAT, "GetObject"),
    ):
        yield case("echo", f"keys from the store for {operation}", act, operation, echo)


def _uploads() -> Iterator[Case]:
    def begun(name: str) -> Reply:
        return say_xml(
            f"<InitiateMultipartUploadResult><UploadId>{name}</UploadId></InitiateMultipartUploadResult>"
        )

    for name, text in {
        "empty": "",
        "with lines": "a&#13;&#10;b",
        "with escapes": "&#27;[2J",
        "of 1 MB": "u" * 1_000_000,
        "with a query": "a&amp;partNumber=9",
        "in another script": "é",
    }.items():
        yield case("upload", f"a name {name}", actions.UPLOAD_PARTS, "CreateMultipartUpload", begun(text))
    for name, line in {
        "without an ETag": "X-None: 1",
        "with an ETag of 60,000 letters": f'ETag: "{"e" * 60_000}"',
        "with an ETag of tags": 'ETag: "</ETag></Part>"',
        "with another checksum": f"x-amz-checksum-crc32: {crc32(b'other')}",
    }.items():
        yield case(
            "upload",
            f"parts {name}",
            actions.UPLOAD_PARTS,
            "UploadPart",
            say("200 OK", b"", line),
            harmless="tags" in name,
        )
        yield case(
            "upload",
            f"files {name}",
            actions.UPLOAD,
            "PutObject",
            say("200 OK", b"", line),
            right=_taken(name),
        )
        yield case(
            "upload",
            f"files {name}",
            actions.WRITE,
            "PutObject",
            say("200 OK", b"", line),
            right=_taken(name),
        )
    for name, body in {
        "an error": "<Error><Code>InternalError</Code></Error>",
        "another checksum": "<CompleteMultipartUploadResult><ETag>x-3</ETag>"
        "<ChecksumCRC32>AAAAAA==</ChecksumCRC32></CompleteMultipartUploadResult>",
        "no ETag": "<CompleteMultipartUploadResult/>",
        "white space": " " * 10_000,
        "a web page": "<html>Log in</html>",
    }.items():
        yield case(
            "upload",
            f"an end with {name}",
            actions.UPLOAD_PARTS,
            "CompleteMultipartUpload",
            say_xml(body),
        )
    yield case(
        "upload",
        "parts that are never known",
        actions.UPLOAD_PARTS,
        "UploadPart",
        error("NoSuchUpload", "404 No"),
    )
    yield case(
        "upload",
        "status 100 for ever",
        actions.UPLOAD,
        "PutObject",
        raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 5000),
    )


def _taken(name: str) -> Callable[[Any, Any], bool] | None:
    """An ETag alone proves little, so that a store that names an odd one may be believed."""
    return None if "checksum" in name else lambda result, scene: True
