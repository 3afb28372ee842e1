"""Request bodies, decoded, checked and spooled as they arrive."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable

from provena_sdk.sandbox.object_store.access import signature
from provena_sdk.sandbox.object_store.access.authorization import Identity
from provena_sdk.sandbox.object_store.http import checksums
from provena_sdk.sandbox.object_store.storage.blobs import Blob, BlobSpace, Spool
from provena_sdk.sandbox.object_store.storage.errors import S3Error

_HEX64 = re.compile(r"[0-9a-f]{64}")
_HEX_SIZE = re.compile(rb"[0-9a-fA-F]{1,12}")
_MAX_LINE = 8192


class Body:
    """Receives one request's body into a spool.

    Args:
        headers: The request's headers.
        identity: The request's sender.
        space: Storage for the bytes.
        algorithm: The checksum to compute even if the client gave another.
        default: The checksum to compute if the client gave none.
        checked: Whether checksums in the headers are about the body.
        etag: The ETag; None means the MD5.

    Raises:
        S3Error: The headers contradict each other.
    """

    def __init__(
        self,
        headers: dict[str, str],
        identity: Identity,
        space: BlobSpace,
        *,
        algorithm: str = "",
        default: str = "",
        checked: bool = True,
        etag: str | None = None,
    ) -> None:
        self._headers = headers
        self._identity = identity
        self._spool: Spool = space.spool()
        self._etag = etag
        hashed = etag is None or "content-md5" in headers
        self._md5 = hashlib.md5(usedforsecurity=False) if hashed else None
        payload = identity.payload
        self._sha256 = hashlib.sha256() if _HEX64.fullmatch(payload) else None
        self._expected, self._trailing = _expected_checksums(headers) if checked else ({}, [])
        names = {*self._expected, *self._trailing, algorithm} - {""}
        self._sums = {name: checksums.new_checksum(name) for name in names or {default} - {""}}
        streaming = payload.startswith("STREAMING-")
        self._chunks = _AwsChunks(self._take, identity) if streaming else None
        self._damage_at = -1
        self.size = 0

    def damage(self, at: int) -> None:
        """Flip the byte at ``at``, or the last byte if the body is shorter."""
        length = self._headers.get("x-amz-decoded-content-length") or self._headers.get("content-length", "")
        self._damage_at = min(at, int(length) - 1) if length.isdecimal() else at

    def feed(self, data: bytes) -> None:
        """Add bytes as received.

        Raises:
            S3Error: A chunk is malformed or its signature is wrong.
        """
        if self._chunks is None:
            self._take(data)
        else:
            self._chunks.feed(data)

    def finish(self) -> Blob:
        """Check the whole body and return it.

        Raises:
            S3Error: A length, checksum or signature is wrong.
        """
        if self._chunks is not None:
            self._chunks.finish()
            self._read_trailer(self._chunks.trailer)
            decoded = self._headers.get("x-amz-decoded-content-length")
            if decoded is not None and decoded != str(self.size):
                raise S3Error("IncompleteBody")
        if self._sha256 is not None and self._sha256.hexdigest() != self._identity.payload:
            raise S3Error(
                "XAmzContentSHA256Mismatch",
                ClientComputedContentSHA256=self._identity.payload,
                S3ComputedContentSHA256=self._sha256.hexdigest(),
            )
        if (content_md5 := self._headers.get("content-md5")) is not None:
            if len(_base64(content_md5)) != 16:
                raise S3Error("InvalidDigest")
            if self._md5 is not None and _base64(content_md5) != self._md5.digest():
                raise S3Error("BadDigest")
        for name, value in self._expected.items():
            if value != checksums.encoded(self._sums[name]):
                raise S3Error(
                    "BadDigest", f"The {name.upper()} you specified did not match the calculated checksum."
                )
        return self._spool.finish()

    def discard(self) -> None:
        """Discard the received bytes."""
        self._spool.discard()

    @property
    def etag(self) -> str:
        """The ETag, without quotes: the MD5 of the body in hex, unless another was given."""
        return self._etag or (self._md5.hexdigest() if self._md5 is not None else "")

    @property
    def checksums(self) -> dict[str, str]:
        """The computed checksums, in base64 by algorithm."""
        return {name: checksums.encoded(value) for name, value in self._sums.items()}

    @property
    def given_checksums(self) -> tuple[str, ...]:
        """The algorithms of the checksums that the client gave."""
        return (*self._expected, *self._trailing)

    @property
    def is_protected(self) -> bool:
        """Whether the client sent Content-MD5 or a checksum."""
        return "content-md5" in self._headers or bool(self._expected or self._trailing)

    def _take(self, data: bytes | memoryview) -> None:
        if 0 <= (at := self._damage_at - self.size) < len(data):
            damaged = bytearray(data)
            damaged[at] ^= 0xFF
            data = bytes(damaged)
        self.size += len(data)
        self._spool.write(data)
        if self._md5 is not None:
            self._md5.update(data)
        if self._sha256 is not None:
            self._sha256.update(data)
        for checksum in self._sums.values():
            checksum.update(data)

    def _read_trailer(self, trailer: dict[str, str]) -> None:
        for name in self._trailing:
            value = trailer.get(f"x-amz-checksum-{name}")
            if value is None:
                raise S3Error(
                    "InvalidRequest", f"The trailer x-amz-checksum-{name} was announced and is missing."
                )
            self._expected[name] = value


def _expected_checksums(headers: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the checksums in the headers, and the names of those in the trailer."""
    start = "x-amz-checksum-"
    given = {name: headers[start + name] for name in checksums.ALGORITHMS if start + name in headers}
    trailing = [
        name.strip().lower()[len(start) :]
        for name in headers.get("x-amz-trailer", "").split(",")
        if name.strip().lower().startswith(start)
    ]
    unknown = [name for name in trailing if name not in checksums.ALGORITHMS]
    if unknown or len(given) + len(trailing) > 1:
        raise S3Error("InvalidRequest", "Expecting a single x-amz-checksum- header of a known algorithm.")
    if "x-amz-sdk-checksum-algorithm" in headers and not given and not trailing:
        raise S3Error(
            "InvalidRequest",
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* "
            "or x-amz-trailer headers were found.",
        )
    for name, value in given.items():
        if len(_base64(value)) != len(checksums.new_checksum(name).digest()):
            raise S3Error("InvalidRequest", f"Value for x-amz-checksum-{name} header is invalid.")
    return given, trailing


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


class _AwsChunks:
    """The ``aws-chunked`` encoding: chunks with or without signatures, and a trailer."""

    def __init__(self, take: Callable[[bytes | memoryview], None], identity: Identity) -> None:
        self._take = take
        self._identity = identity
        self._signed = identity.payload.startswith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
        self._previous = identity.signature
        self._given = ""
        self._buffer = bytearray()
        self._left = 0
        self._state = "size"
        self._sha256 = hashlib.sha256()
        self._trailer_lines: list[bytes] = []
        self.trailer: dict[str, str] = {}

    def feed(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            if self._state == "data":
                chunk = view[: self._left]
                self._take(chunk)
                if self._signed:
                    self._sha256.update(chunk)
                self._left -= len(chunk)
                view = view[len(chunk) :]
                if self._left == 0:
                    self._end_chunk()
                    self._state = "gap"
                continue
            end = bytes(view[:_MAX_LINE]).find(b"\n") + 1
            self._buffer += view[: end or len(view)]
            view = view[end or len(view) :]
            if len(self._buffer) > _MAX_LINE:
                raise S3Error("InvalidRequest", "A chunk's head is too long.")
            if end:
                line, self._buffer = bytes(self._buffer).rstrip(b"\r\n"), bytearray()
                self._line(line)

    def _line(self, line: bytes) -> None:
        if self._state == "gap":
            if line:
                raise S3Error("IncompleteBody")
            self._state = "size"
        elif self._state == "size":
            size, _, extension = line.partition(b";")
            name, _, value = extension.partition(b"=")
            if not _HEX_SIZE.fullmatch(size.strip()):
                raise S3Error("InvalidRequest", "A chunk's size is no hexadecimal number.")
            self._left = int(size.strip(), 16)
            self._given = value.strip().decode("latin-1") if name.strip() == b"chunk-signature" else ""
            if self._left:
                self._state = "data"
            else:
                self._end_chunk()
                self._state = "trailer"
        elif self._state == "trailer":
            if not line:
                self._state = "done"
                return
            name, _, value = line.partition(b":")
            key = name.strip().lower().decode("latin-1")
            self.trailer[key] = value.strip().decode("latin-1")
            if key != "x-amz-trailer-signature":
                self._trailer_lines.append(b"%s:%s\n" % (name.strip().lower(), value.strip()))

    def _end_chunk(self) -> None:
        if not self._signed:
            return
        text = signature.chunk_string_to_sign(
            self._identity.timestamp, self._identity.scope, self._previous, self._sha256.hexdigest()
        )
        self._check(text, self._given)
        self._sha256 = hashlib.sha256()

    def finish(self) -> None:
        """Check that the last chunk and, if it must be signed, the trailer arrived."""
        if self._state == "trailer" and not self.trailer and not self._buffer:
            self._state = "done"
        if self._state != "done":
            raise S3Error("IncompleteBody")
        if self._signed and self._identity.payload.endswith("-TRAILER"):
            digest = hashlib.sha256(b"".join(self._trailer_lines)).hexdigest()
            text = signature.trailer_string_to_sign(
                self._identity.timestamp, self._identity.scope, self._previous, digest
            )
            self._check(text, self.trailer.get("x-amz-trailer-signature", ""))

    def _check(self, text: str, given: str) -> None:
        expected = signature.sign(self._identity.signing_key, text)
        if not hmac.compare_digest(expected.encode(), given.encode()):
            raise S3Error("SignatureDoesNotMatch")
        self._previous = expected
