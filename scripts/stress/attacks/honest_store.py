"""An S3 of two hundred lines, as honest as the client needs it: one bucket, in memory, and no signatures checked."""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from dataclasses import dataclass, field
from itertools import count
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape

from scripts.stress.attacks.honest import BUCKET, PREFIX
from scripts.stress.attacks.wire import Asked, Reply, say

FILES: Final[dict[str, bytes]] = {
    "model.bin": bytes(range(256)) * 1200,
    "notes.txt": b"Read me.\n",
    "obs/2023.csv": b"day,temperature\n1,24.5\n",
    "obs/2024.csv": b"day,temperature\n1,25.5\n",
}
BIG: Final = bytes(range(251)) * 36_000
"""Fetched in two pieces."""

MODIFIED: Final = "2024-05-01T08:30:00.000Z"
HTTP_MODIFIED: Final = "Wed, 01 May 2024 08:30:00 GMT"
_SPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"


def etag(data: bytes) -> str:
    """The ETag of what was stored in one request, without quotes."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def crc32(data: bytes) -> str:
    """The CRC32 as S3 writes it."""
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def entry(path: str, data: bytes, **changes: str) -> str:
    """One file of a listing; each change replaces an element, or leaves it out when it is empty."""
    elements = {
        "Key": escape(quote(PREFIX + path, safe="/")),
        "LastModified": MODIFIED,
        "ETag": f"&quot;{etag(data)}&quot;",
        "Size": str(len(data)),
        **changes,
    }
    return (
        "<Contents>"
        + "".join(f"<{name}>{text}</{name}>" for name, text in elements.items() if text)
        + "</Contents>"
    )


def listing(*entries: str, following: str | None = None, encoding: str = "url") -> str:
    """A page of a listing."""
    more = f"<NextContinuationToken>{following}</NextContinuationToken>" if following is not None else ""
    truncated = "false" if following is None else "true"
    coded = f"<EncodingType>{encoding}</EncodingType>" if encoding else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="{_SPACE}"><Name>{BUCKET}</Name>'
        f"<Prefix>{PREFIX}</Prefix><KeyCount>{len(entries)}</KeyCount><MaxKeys>1000</MaxKeys>{coded}"
        f"<IsTruncated>{truncated}</IsTruncated>{''.join(entries)}{more}</ListBucketResult>"
    )


def say_xml(text: str | bytes, status: str = "200 OK", *headers: str) -> Reply:
    """Answer with XML."""
    return say(status, text, *headers, media="application/xml")


def error(code: str, status: str, *, message: str = "No.", extra: str = "") -> Reply:
    """Answer with an error, as S3 writes it."""
    return say_xml(f"<Error><Code>{code}</Code><Message>{message}</Message>{extra}</Error>", status)


@dataclass
class Store:
    """What the bucket holds, by path within the dataset."""

    files: dict[str, bytes] = field(default_factory=lambda: {**FILES, "big.bin": BIG})
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    _ids: count[int] = field(default_factory=lambda: count(1))

    def __call__(self, asked: Asked) -> Reply:
        """Answer as S3."""
        key = asked.path.removeprefix(f"/{BUCKET}/").removeprefix(PREFIX)
        handlers = {
            "ListObjects": self._list,
            "GetObject": self._get,
            "HeadObject": self._head,
            "PutObject": self._put,
            "DeleteObject": self._delete,
            "CreateMultipartUpload": self._create,
            "UploadPart": self._part,
            "CompleteMultipartUpload": self._complete,
            "AbortMultipartUpload": self._abort,
            "ListMultipartUploads": self._uploads,
        }
        handler = handlers.get(asked.operation)
        return error("NotImplemented", "501 Not Implemented") if handler is None else handler(asked, key)

    def _list(self, asked: Asked, key: str) -> Reply:
        prefix, delimiter = asked.query.get("prefix", ""), asked.query.get("delimiter", "")
        after = asked.query.get("start-after", "")
        entries: list[str] = []
        folders: set[str] = set()
        for path, data in sorted(self.files.items()):
            full = PREFIX + path
            if not full.startswith(prefix) or full <= after:
                continue
            cut = full.find(delimiter, len(prefix)) if delimiter else -1
            if cut == -1:
                entries.append(entry(path, data))
            else:
                folders.add(full[: cut + 1])
        common = [
            f"<CommonPrefixes><Prefix>{escape(quote(one, safe='/'))}</Prefix></CommonPrefixes>"
            for one in sorted(folders)
        ]
        return say_xml(listing(*entries, *common))

    def _get(self, asked: Asked, key: str) -> Reply:
        data = self.files.get(key)
        if data is None:
            return error("NoSuchKey", "404 Not Found")
        wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", asked.headers.get("range", ""))
        if wanted is None:
            return say("200 OK", data, *self._headers(data), media="application/octet-stream")
        first, last = wanted.groups()
        begin = int(first) if first else max(len(data) - int(last), 0)
        end = min(int(last), len(data) - 1) if first and last else len(data) - 1
        if begin > end:
            return error("InvalidRange", "416 Range Not Satisfiable")
        headers = [f"Content-Range: bytes {begin}-{end}/{len(data)}", *self._headers(data, checksum=False)]
        return say("206 Partial Content", data[begin : end + 1], *headers, media="application/octet-stream")

    def _head(self, asked: Asked, key: str) -> Reply:
        data = self.files.get(key)
        if data is None:
            return Reply([b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"], keep=True)
        lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(data)}", *self._headers(data), "", ""]
        return Reply(["\r\n".join(lines).encode()], keep=True)

    def _put(self, asked: Asked, key: str) -> Reply:
        self.files[key] = asked.body
        return say("200 OK", "", *self._headers(asked.body))

    def _delete(self, asked: Asked, key: str) -> Reply:
        self.files.pop(key, None)
        return say("204 No Content")

    def _create(self, asked: Asked, key: str) -> Reply:
        name = f"upload-{next(self._ids)}"
        self.uploads[name] = {}
        return say_xml(
            f"<InitiateMultipartUploadResult><UploadId>{name}</UploadId></InitiateMultipartUploadResult>"
        )

    def _part(self, asked: Asked, key: str) -> Reply:
        parts = self.uploads.get(asked.query.get("uploadId", ""))
        if parts is None:
            return error("NoSuchUpload", "404 Not Found")
        parts[int(asked.query["partNumber"])] = asked.body
        return say("200 OK", "", f'ETag: "{etag(asked.body)}"', f"x-amz-checksum-crc32: {crc32(asked.body)}")

    def _complete(self, asked: Asked, key: str) -> Reply:
        parts = self.uploads.pop(asked.query.get("uploadId", ""), None)
        if parts is None:
            return error("NoSuchUpload", "404 Not Found")
        pieces = [parts[number] for number in sorted(parts)]
        self.files[key] = data = b"".join(pieces)
        joined = etag(b"".join(bytes.fromhex(etag(piece)) for piece in pieces))
        return say_xml(
            f"<CompleteMultipartUploadResult><ETag>&quot;{joined}-{len(pieces)}&quot;</ETag>"
            f"<ChecksumCRC32>{crc32(data)}</ChecksumCRC32><ChecksumType>FULL_OBJECT</ChecksumType>"
            "</CompleteMultipartUploadResult>"
        )

    def _abort(self, asked: Asked, key: str) -> Reply:
        self.uploads.pop(asked.query.get("uploadId", ""), None)
        return say("204 No Content")

    def _uploads(self, asked: Asked, key: str) -> Reply:
        return say_xml(
            "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>"
        )

    def _headers(self, data: bytes, *, checksum: bool = True) -> list[str]:
        found = [f'ETag: "{etag(data)}"', f"Last-Modified: {HTTP_MODIFIED}", "Accept-Ranges: bytes"]
        return (
            [*found, f"x-amz-checksum-crc32: {crc32(data)}", "x-amz-checksum-type: FULL_OBJECT"]
            if checksum
            else found
        )
