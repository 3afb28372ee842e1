"""S3 requests for one dataset: signed, admitted, repeated and read in one place.

This is the one layer that repeats requests. What is asked of it either happens, within a minute and a half of
trouble, or fails with one of the SDK's own errors, which hold nothing of what was sent.
"""

from __future__ import annotations

import asyncio
import base64
import builtins
import contextlib
import hashlib
import logging
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, TypeVar
from xml.sax.saxutils import escape

import aiohttp

from provena_sdk.errors import (
    CertificateRejected,
    DatasetFileExists,
    DatasetFileNotFound,
    FileError,
    FileStoreError,
    IntegrityError,
    InvalidArgument,
    ProvenaError,
    UnsafePath,
)
from provena_sdk.files.admission import Admission
from provena_sdk.files.checksum import composite, parse_etag
from provena_sdk.files.credentials import Credentials
from provena_sdk.files.failures import is_renewable, refusal, translate
from provena_sdk.files.location import DatasetLocation, StoreAddress
from provena_sdk.files.objects import address as addresses
from provena_sdk.files.objects import answers, retry
from provena_sdk.files.objects.connections import IDLE_SECONDS, Body, Connections, StreamedBody
from provena_sdk.files.objects.retry import RetryRule, Trouble
from provena_sdk.files.objects.signature import Signer
from provena_sdk.files.objects.state import (
    ListedUpload,
    ObjectState,
    Page,
    Received,
    Stored,
    StoredPart,
    Streamed,
)
from provena_sdk.files.paths import MAX_KEY_BYTES, is_service_file
from provena_sdk.files.plan import service_file_refusal
from provena_sdk.files.session import USER_AGENT, DatasetCredentials

_log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_PUT_BYTES: Final = 5 * 1024**3
"""The most that S3 takes in one request."""

_PAGE: Final = "1000"
_MOST_DELETED: Final = 1000
_MOST_PARTS: Final = 10_000
_ERROR_BYTES: Final = 64 * 1024
_DOCUMENT_BYTES: Final = 32 * 1024 * 1024
_WATCHED_BYTES: Final = 64 * 1024
_RENEWALS: Final = 5
_CLOCK_SLACK: Final = timedelta(seconds=2)
_UNWRITABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MEDIA_TYPE: Final = re.compile(r"[\x21-\x7e]+( [\x21-\x7e]+)*")
_ENTITIES: Final = {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_REDIRECTS: Final = frozenset({301, 307, 308, 400})


@dataclass(slots=True)
class _Request:
    """One request, as it is to be signed and sent."""

    method: str
    path: str | None
    key: str = ""
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    data: bytes | bytearray | memoryview | Streamed | None = None
    # The bytes it carries, one way or the other.
    size: int = 0
    # The most bytes of its answer; None for exactly ``size``.
    limit: int | None = _DOCUMENT_BYTES
    # Whether the store may work for long before it answers.
    slow: bool = False
    # Whether a body of status 200 may hold an error.
    doubtful: bool = False
    repeated: bool = False


class _Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    data: bytearray


@dataclass(slots=True)
class _Failure:
    """Why one attempt did not bring an answer; ``kind`` is None when another would not either."""

    error: Exception
    kind: Trouble | None
    asked: float | None = None
    refused: Credentials | None = None
    # Whether the store may have carried the request out.
    ambiguous: bool = True
    again: bool = False


class _Precondition(Exception):
    """The store holds something else than the request allowed for (412)."""


class ObjectClient:
    """The object store, held to one dataset's folder.

    All paths are within the dataset, exactly as the store holds them. It runs on fsspec's event loop; any number of
    requests may be made at once, and its admission says how many of them are on their way.

    Args:
        location: The dataset's folder.
        credentials: Whose requests these are.
        address: How the store is reached.
        rule: How patient to be; None means :data:`provena_sdk.files.objects.retry.RULE`.
        idle: Seconds without a byte after which a connection counts as dead.
        admission: What limits the requests at once; None means one of its own.

    Raises:
        InvalidArgument: The store's URL is none that files can be reached by.
    """

    def __init__(
        self,
        location: DatasetLocation,
        credentials: DatasetCredentials,
        address: StoreAddress,
        *,
        rule: RetryRule | None = None,
        idle: float = IDLE_SECONDS,
        admission: Admission | None = None,
    ) -> None:
        self._location = location
        self._credentials = credentials
        self._address = address
        self._rule = rule if rule is not None else retry.RULE
        self._idle = idle
        self.admission = admission if admission is not None else Admission()
        self._pid = os.getpid()
        self._reached = False
        self._moved = False
        self._accepted: Credentials | None = None
        # The store's clock less this machine's, as its answers show it.
        self._clock_ahead = timedelta()
        self._point_to(address.region or addresses.DEFAULT_REGION)

    def __repr__(self) -> str:
        return f"<ObjectClient {self._location.dataset_id} ({self._credentials.access})>"

    # What can be asked.

    async def list(
        self, folder: str = "", *, delimiter: str = "", start_after: str = ""
    ) -> AsyncIterator[Page]:
        """Yield what lies below a folder, in the order of the keys, up to 1,000 entries at a time.

        Args:
            folder: What the paths begin with, such as ``obs/``; empty for the whole dataset.
            delimiter: Where to cut: with ``/``, what lies in folders further down is named by its folder only.
            start_after: The path after which to begin.

        Raises:
            FileStoreError: The store refused, or its answer makes no sense.
            ConnectionFailed: The store could not be reached.
        """
        prefix = self._location.prefix
        pairs = [
            ("list-type", "2"),
            ("prefix", prefix + folder),
            ("max-keys", _PAGE),
            ("encoding-type", "url"),
        ]
        if delimiter:
            pairs.append(("delimiter", delimiter))
        if start_after:
            pairs.append(("start-after", prefix + start_after))
        follow: list[tuple[str, str]] = []
        while True:
            request = _Request("GET", None, query=addresses.query(pairs + follow))
            answer = await self._answer(request)
            found = self._read(request, lambda: answers.entries(answer.data, prefix))  # noqa: B023 reason= called at once
            yield found.page
            if found.next is None:
                return
            if follow and follow[0][1] == found.next:
                raise self._senseless(request)
            follow = [("continuation-token", found.next)]

    async def head(self, path: str, *, part: int | None = None, if_match: str | None = None) -> ObjectState:
        """Ask for an object's state.

        Args:
            path: The object.
            part: A part of it, from 1: the size and the checksums are that part's. What was not uploaded in parts
                has no part but the first.
            if_match: The ETag it must have.

        Raises:
            DatasetFileNotFound: There is no such object.
            IntegrityError: It has another ETag.
            FileStoreError: The store refused, for example because there is no such part.
        """
        headers = {"x-amz-checksum-mode": "ENABLED", **_matching(if_match)}
        query = addresses.query([("partNumber", str(part))]) if part is not None else ""
        request = _Request("HEAD", path, self._key(path), query, headers)
        answer = await self._answer(request)
        length = answer.headers.get("Content-Length", "")
        if not length.isdecimal():
            raise self._senseless(request)
        return answers.state(answer.headers, int(length))

    async def get(
        self,
        path: str,
        *,
        span: tuple[int, int] | None = None,
        if_match: str | None = None,
        size: int | None = None,
    ) -> Received:
        """Get an object, or a range of it. Lengths are checked here, checksums are not.

        Args:
            path: The object.
            span: Offset and length of the range, in bytes; None for the whole object.
            if_match: The ETag it must have.
            size: The size in bytes that the whole object must have, when it is known. It also says whether the request
                is a large one.

        Raises:
            DatasetFileNotFound: There is no such object.
            IntegrityError: It has another ETag or size, or is too short for the range.
            InvalidArgument: The range is empty or begins before the object.
        """
        headers = {"x-amz-checksum-mode": "ENABLED", **_matching(if_match)}
        if span is not None:
            offset, length = span
            if offset < 0 or length < 1:
                raise InvalidArgument("span", f"{span!r} is no range of at least one byte.")
            headers["range"] = f"bytes={offset}-{offset + length - 1}"
            request = _Request("GET", path, self._key(path), "", headers, size=length, limit=None)
        else:
            request = _Request(
                "GET",
                path,
                self._key(path),
                "",
                headers,
                size=size or 0,
                limit=None if size is not None else -1,
            )
        answer = await self._answer(request)
        whole = len(answer.data)
        if span is not None and answer.status == 206:
            found = answers.content_range(answer.headers.get("Content-Range"))
            if found is None or found[:2] != span:
                raise self._replaced(path)
            whole = found[2]
        if size is not None and whole != size:
            raise self._replaced(path)
        return Received(answer.data, answers.state(answer.headers, whole))

    async def put(
        self,
        path: str,
        data: bytes | bytearray | memoryview,
        *,
        crc32: str,
        content_type: str | None = None,
        if_none_match: bool = False,
    ) -> Stored:
        """Store an object in one request; the store refuses bytes that do not match their checksum.

        Args:
            path: The object.
            data: Its bytes, up to 5 GiB. They must not change meanwhile.
            crc32: Their CRC32, in base64.
            content_type: Their media type.
            if_none_match: Whether nothing may have this name yet.

        Raises:
            DatasetFileExists: There is an object of this name already, and it was not to be replaced.
            IntegrityError: The store holds something else than was sent.
            ServiceFileRefused: The path is ``metadata.json`` at the root.
        """
        length = _length(data)
        if length > MAX_PUT_BYTES:
            raise InvalidArgument(
                "data", "S3 takes no more than 5 GiB in one request.", hint="Send it in parts."
            )
        headers = {"x-amz-checksum-crc32": crc32, **_typed(content_type)}
        if if_none_match:
            headers["if-none-match"] = "*"
        request = _Request("PUT", path, self._writable(path), "", headers, data, length)
        try:
            answer = await self._answer(request)
        except _Precondition:
            answer = None
        if answer is None:
            # An attempt whose answer was lost may be what is in the way.
            there = await self._look(path) if request.repeated else None
            if there is None or there.size != length or there.checksums.get("crc32") != crc32:
                raise self._exists(path)
            return Stored(there.etag, crc32, there.opaque_etag)
        return self._stored(path, answer.headers, crc32)

    async def create_upload(self, path: str, *, content_type: str | None = None) -> str:
        """Begin an upload in parts, of which the store is asked to keep the CRC32 of the whole.

        Args:
            path: The object.
            content_type: The media type.

        Returns:
            The upload's id.

        Raises:
            ServiceFileRefused: The path is ``metadata.json`` at the root.
        """
        headers = {
            "x-amz-checksum-algorithm": "CRC32",
            "x-amz-checksum-type": "FULL_OBJECT",
            **_typed(content_type),
        }
        request = _Request("POST", path, self._writable(path), "uploads=", headers, b"")
        begun = datetime.now(UTC) + self._clock_ahead - _CLOCK_SLACK
        failure = await self._attempt(request)
        if isinstance(failure, _Failure) and failure.ambiguous:
            request.repeated = True
            known = await self._lost_upload(path, begun)
            if known is not None:
                return known
        answer = await self._answer(request, failure)
        found = self._read(request, lambda: answers.result(answer.data, "InitiateMultipartUploadResult"))
        if not found.get("UploadId"):
            raise self._senseless(request)
        return found["UploadId"]

    async def upload_part(
        self,
        path: str,
        upload_id: str,
        number: int,
        data: bytes | bytearray | memoryview | Streamed,
        *,
        crc32: str,
    ) -> StoredPart:
        """Send one part; the store refuses bytes that do not match their checksum.

        Args:
            path: The object.
            upload_id: The upload.
            number: The part's number, from 1 to 10,000.
            data: Its bytes, or how to read them: at least 5 MiB unless it is the last. They must not change meanwhile.
            crc32: Their CRC32, in base64.

        Raises:
            FileStoreError: The store refused; ``code`` is ``NoSuchUpload`` when the upload was ended meanwhile.
            IntegrityError: The store holds something else than was sent.
        """
        if not 1 <= number <= _MOST_PARTS:
            raise InvalidArgument("number", f"parts are numbered from 1 to {_MOST_PARTS:,}.")
        query = addresses.query([("partNumber", str(number)), ("uploadId", upload_id)])
        headers = {"x-amz-checksum-crc32": crc32}
        request = _Request("PUT", path, self._writable(path), query, headers, data, _length(data))
        answer = await self._answer(request)
        stored = self._stored(path, answer.headers, crc32)
        return StoredPart(number, stored.etag, _length(data), stored.crc32, stored.opaque_etag)

    async def list_parts(self, path: str, upload_id: str) -> builtins.list[StoredPart] | None:
        """List the parts that the store has, in order.

        Args:
            path: The object.
            upload_id: The upload.

        Returns:
            The parts; None when there is no such upload, or no longer.
        """
        found: list[StoredPart] = []
        after = ""
        while True:
            pairs = [("uploadId", upload_id), ("max-parts", _PAGE)]
            if after:
                pairs.append(("part-number-marker", after))
            request = _Request("GET", path, self._key(path), addresses.query(pairs))
            try:
                answer = await self._answer(request)
            except FileError as error:
                if _is_no_upload(error):
                    return None
                raise
            read = self._read(request, lambda: answers.parts(answer.data))  # noqa: B023 reason= called at once
            found += read.parts
            if read.next is None:
                return found
            if read.next == after:
                raise self._senseless(request)
            after = read.next

    async def complete_upload(
        self,
        path: str,
        upload_id: str,
        parts: Sequence[StoredPart],
        *,
        crc32: str,
        size: int,
        if_none_match: bool = False,
    ) -> Stored:
        """Put the parts together; the store compares size and checksum of the whole.

        An upload that is gone may have been completed by an attempt whose answer was lost. What is there then counts
        if it is what the parts make.

        Args:
            path: The object.
            upload_id: The upload.
            parts: All parts, in order.
            crc32: The CRC32 of the whole, in base64.
            size: The size of the whole in bytes.
            if_none_match: Whether nothing may have this name yet.

        Raises:
            DatasetFileExists: There is an object of this name already, and it was not to be replaced.
            FileStoreError: The store refused; ``code`` is ``NoSuchUpload`` when the upload was ended otherwise.
            IntegrityError: The store holds something else than was sent.
        """
        body = "".join(map(_part_element, parts))
        headers = {
            "content-type": "application/xml",
            "x-amz-checksum-crc32": crc32,
            "x-amz-checksum-type": "FULL_OBJECT",
            "x-amz-mp-object-size": str(size),
        }
        if if_none_match:
            headers["if-none-match"] = "*"
        document = f"<CompleteMultipartUpload>{body}</CompleteMultipartUpload>".encode()
        query = addresses.query([("uploadId", upload_id)])
        request = _Request(
            "POST", path, self._writable(path), query, headers, document, slow=True, doubtful=True
        )
        refused: Exception
        try:
            answer = await self._answer(request)
        except _Precondition:
            refused = self._exists(path)
            if not request.repeated:
                raise refused from None
        except FileError as error:
            if not _is_no_upload(error):
                raise
            refused = error
        else:
            found = self._read(request, lambda: answers.result(answer.data, "CompleteMultipartUploadResult"))
            etag = found.get("ETag", "").strip('"')
            made = found.get("ChecksumCRC32") or answer.headers.get("x-amz-checksum-crc32")
            # Stores that know no checksums of whole objects answer with one of the parts' checksums.
            if made is not None and "-" not in made and made != crc32:
                raise self._other_bytes(path)
            return Stored(etag, made, answers.is_opaque(answer.headers))
        there = await self._look(path)
        if there is None or not _is_made_of(there, parts, crc32, size):
            raise refused
        return Stored(there.etag, there.checksums.get("crc32"), there.opaque_etag)

    async def abort_upload(self, path: str, upload_id: str) -> None:
        """Give an upload up, so that its parts are removed; that there is none is fine.

        Args:
            path: The object.
            upload_id: The upload.
        """
        query = addresses.query([("uploadId", upload_id)])
        request = _Request("DELETE", path, self._writable(path), query)
        try:
            await self._answer(request)
        except FileError as error:
            if not _is_no_upload(error):
                raise

    async def list_uploads(self, folder: str = "") -> builtins.list[ListedUpload]:
        """List the uploads that were neither completed nor given up.

        Args:
            folder: What the paths begin with, such as ``obs/``; empty for the whole dataset.
        """
        prefix = self._location.prefix
        pairs = [
            ("uploads", ""),
            ("prefix", prefix + folder),
            ("encoding-type", "url"),
            ("max-uploads", _PAGE),
        ]
        found: list[ListedUpload] = []
        follow: list[tuple[str, str]] = []
        while True:
            request = _Request("GET", None, query=addresses.query(pairs + follow))
            answer = await self._answer(request)
            read = self._read(request, lambda: answers.uploads(answer.data, prefix))  # noqa: B023 reason= called at once
            found += read.uploads
            if read.next is None:
                return found
            after = [("key-marker", read.next[0]), ("upload-id-marker", read.next[1])]
            if follow == after:
                raise self._senseless(request)
            follow = after

    async def delete(self, paths: Sequence[str]) -> dict[str, Exception]:
        """Delete objects; one that is not there is fine.

        Args:
            paths: The objects.

        Returns:
            The failures by path; empty when all are gone.

        Raises:
            ServiceFileRefused: One of them is ``metadata.json`` at the root; nothing was deleted.
        """
        keys = {self._writable(path): path for path in paths}
        plain = [key for key in keys if not _UNWRITABLE.search(key)]
        failures: dict[str, Exception] = {}
        for start in range(0, len(plain), _MOST_DELETED):
            chosen = plain[start : start + _MOST_DELETED]
            try:
                refused = await self._delete_some(chosen)
            except Exception as error:
                failures.update((keys[key], error) for key in chosen)
            else:
                for key, code in refused.items():
                    path = keys.get(key, key)
                    failures[path] = self._refusal(code, path)
        # XML cannot name these.
        for key in keys.keys() - set(plain):
            try:
                await self._answer(_Request("DELETE", keys[key], key))
            except Exception as error:
                failures[keys[key]] = error
        return failures

    async def copy(self, source: str, target: str) -> Stored:
        """Copy an object within the dataset, without its bytes coming here.

        Args:
            source: The object, of up to 5 GiB.
            target: The path of the copy.

        Raises:
            DatasetFileNotFound: There is no such object.
            FileStoreError: The store refused, for example because it is larger than that.
            ServiceFileRefused: The target is ``metadata.json`` at the root.
        """
        origin = f"/{addresses.quoted(self._location.bucket)}/{addresses.quoted(self._key(source))}"
        headers = {"x-amz-copy-source": origin}
        request = _Request("PUT", source, self._writable(target), "", headers, b"", slow=True, doubtful=True)
        answer = await self._answer(request)
        found = self._read(request, lambda: answers.result(answer.data, "CopyObjectResult"))
        etag = found.get("ETag", "").strip('"')
        return Stored(etag, found.get("ChecksumCRC32"), answers.is_opaque(answer.headers))

    async def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        await self._connections.close()

    # Names.

    def _key(self, path: str) -> str:
        """Return an object's key, or refuse a path that is none within the dataset.

        Segments of dots mean themselves to S3, and the folder above to what may lie between us and it.
        """
        reason = None
        if not path:
            reason = "it is empty"
        elif any(segment in (".", "..") for segment in path.split("/")):
            reason = "it holds a segment of dots"
        key = self._location.prefix + path
        try:
            if len(key.encode()) > MAX_KEY_BYTES:
                reason = f"its key is longer than {MAX_KEY_BYTES} bytes"
        except UnicodeEncodeError:
            reason = "it is not valid Unicode"
        if reason is not None:
            raise UnsafePath(f"{path!r} cannot be a file of a dataset: {reason}.", path=path)
        return key

    def _writable(self, path: str) -> str:
        if is_service_file(path):
            raise service_file_refusal(self._location.dataset_id)
        return self._key(path)

    # Making requests.

    def _point_to(self, region: str) -> None:
        """Address the bucket in a region; connections to the former host are left to end by themselves."""
        self._endpoint = addresses.endpoint(self._address, self._location.bucket, region)
        self._signer = Signer(region)
        self._connections = Connections(
            self._endpoint.origin, self._address.ca_file, limit=self.admission.most, idle=self._idle
        )

    def _begin_anew(self) -> None:
        """Forget, in a forked child, which requests of its parent were on their way."""
        self._pid = os.getpid()
        self.admission = self.admission.fresh()

    async def _answer(self, request: _Request, outcome: _Answer | _Failure | None = None) -> _Answer:
        """Make a request until it is answered, or there is no hope of that.

        Args:
            request: What to send.
            outcome: What came of a first attempt, when one was made.

        Raises:
            _Precondition: What the store holds is not what ``request`` asked for, in a write.
            ProvenaError: Anything else that went wrong.
        """
        attempts = 0
        renewals = 0
        failed_at: float | None = None
        while True:
            if outcome is None:
                outcome = await self._attempt(request)
            if isinstance(outcome, _Answer):
                return outcome
            failure, outcome = outcome, None
            if failure.again:
                continue
            if failure.refused is not None:
                # Keys that were never accepted will not be the next time; those that were have merely ended.
                if renewals >= _RENEWALS or (renewals and failure.refused is not self._accepted):
                    raise failure.error
                renewals += 1
                self._credentials.refused(failure.refused)
                continue
            attempts += 1
            now = time.monotonic()
            failed_at = now if failed_at is None else failed_at
            wait = None
            if failure.kind is not None:
                wait = self._rule.wait(
                    attempts, failure.kind, now - failed_at, reached=self._reached, asked=failure.asked
                )
            if wait is None:
                raise failure.error
            request.repeated = request.repeated or failure.ambiguous
            _log.debug(
                "%s of %r: %s; trying again in %.1f s",
                request.method,
                request.path,
                failure.kind.value if failure.kind else "",
                wait,
            )
            await asyncio.sleep(wait)

    async def _attempt(self, request: _Request) -> _Answer | _Failure:
        """Make a request once."""
        if self._pid != os.getpid():
            self._begin_anew()
        async with self.admission.slot(request.size) as slot:
            credentials = await self._credentials.current()
            connections = self._connections
            try:
                session = connections.session()
                response = await self._send(session, connections, request, credentials)
                try:
                    status, headers = response.status, response.headers
                    data = await self._body(request, response)
                finally:
                    response.release()
            except Exception as error:
                return self._broken(error, request)
            self._reached = True
            if "Date" in headers:
                self._compare_clocks(headers["Date"])
            failure: _Failure | None = None
            if status >= 300:
                failure = self._refused(request, status, headers, data, credentials)
            elif request.doubtful:
                failure = self._doubted(request, headers, data)
            if failure is None:
                self._accepted = credentials
                return _Answer(status, headers, data)
            if failure.kind is Trouble.BUSY:
                self.admission.slowed(slot)
            return failure

    async def _send(
        self,
        session: aiohttp.ClientSession,
        connections: Connections,
        request: _Request,
        credentials: Credentials,
    ) -> aiohttp.ClientResponse:
        endpoint = self._endpoint
        path = endpoint.path(request.key)
        headers = {"host": endpoint.host, **request.headers}
        self._signer.sign(request.method, path, request.query, headers, credentials)
        headers["accept-encoding"] = "identity"
        headers["user-agent"] = USER_AGENT
        url = endpoint.url(path, request.query)
        timeout = connections.patient if request.slow else connections.usual
        data = request.data
        if data is None:
            return await session.request(
                request.method, url, headers=headers, allow_redirects=False, timeout=timeout
            )
        if request.size <= _WATCHED_BYTES and not isinstance(data, Streamed):
            return await session.request(
                request.method, url, headers=headers, data=Body(data), allow_redirects=False, timeout=timeout
            )
        async with asyncio.timeout(None) as watchdog:
            seconds = connections.idle, connections.answer_seconds
            body = (
                # Begun outside of aiohttp, which would make a broken connection of what this raises.
                StreamedBody(data.size, data.chunks(), watchdog, *seconds)
                if isinstance(data, Streamed)
                else Body(data, watchdog, *seconds)
            )
            return await session.request(
                request.method,
                url,
                headers=headers,
                data=body,
                allow_redirects=False,
                timeout=connections.patient,
            )

    async def _body(self, request: _Request, response: aiohttp.ClientResponse) -> bytearray:
        """Read a body into one piece of memory, never more than was asked for."""
        limit = request.size if request.limit is None else request.limit
        if response.status >= 300:
            limit = _ERROR_BYTES
        length = response.content_length if request.method != "HEAD" else 0
        if length is None:
            return await _unmeasured(response, limit)
        if 0 <= limit < length:
            # Of an error only the beginning matters; anything else is not what was asked for.
            response.close()
            if response.status >= 300:
                return bytearray()
            raise self._replaced(request.path) if request.limit is None else self._senseless(request)
        data = bytearray(length)
        content, at = response.content, 0
        while at < length:
            piece, _ = await content.readchunk()
            if not piece:
                raise aiohttp.ClientPayloadError
            end = at + len(piece)
            data[at:end] = piece
            at = end
        return data

    # Reading what went wrong.

    def _broken(self, error: Exception, request: _Request) -> _Failure:
        failure = translate(error, path=request.path, dataset_id=self._location.dataset_id)
        passing = isinstance(error, aiohttp.ClientError | OSError) and not isinstance(
            error, aiohttp.InvalidURL | aiohttp.ClientHttpProxyError | ProvenaError
        )
        if isinstance(failure, CertificateRejected):
            passing = False
        return _Failure(
            failure,
            Trouble.CONNECTION if passing else None,
            ambiguous=not isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError),
        )

    def _refused(
        self,
        request: _Request,
        status: int,
        headers: Mapping[str, str],
        data: bytearray,
        credentials: Credentials,
    ) -> _Failure:
        code, region = answers.refused(data, status, headers)
        if (
            region is not None
            and status in _REDIRECTS
            and not self._moved
            and region != self._signer.region
            and addresses.is_region(region)
        ):
            self._moved = True
            self._point_to(region)
            return _Failure(_Precondition(), None, ambiguous=False, again=True)
        if code in ("PreconditionFailed", "412") and "if-none-match" in request.headers:
            return _Failure(_Precondition(), None, ambiguous=False)
        if code in ("InvalidRange", "416") and request.path is not None:
            return _Failure(self._replaced(request.path), None, ambiguous=False)
        bodiless = request.method == "HEAD"
        failure = _Failure(
            self._refusal(code, request.path, bodiless=bodiless),
            retry.trouble(status, code),
            _retry_after(headers.get("Retry-After")),
            ambiguous=status >= 500 and code != "SlowDown",
        )
        if is_renewable(code, bodiless=bodiless) or (bodiless and status == 403):
            failure.refused = credentials
        return failure

    def _doubted(self, request: _Request, headers: Mapping[str, str], data: bytearray) -> _Failure | None:
        """Look for an error in an answer that began as a success."""
        try:
            if not answers.is_error(data):
                return None
        except answers.UnreadableXml:
            return _Failure(self._senseless(request), Trouble.SERVER)
        code = answers.refused(data, 200, headers).code
        if code == "PreconditionFailed":
            return _Failure(_Precondition(), None, ambiguous=False)
        kind = retry.trouble(200, code)
        return _Failure(self._refusal(code, request.path), kind, ambiguous=True)

    def _compare_clocks(self, text: str) -> None:
        now = answers.http_time(text)
        if now is not None:
            self._clock_ahead = now - datetime.now(UTC)

    def _read(self, request: _Request, read: Callable[[], T]) -> T:
        with contextlib.suppress(answers.UnreadableXml):
            return read()
        raise self._senseless(request)

    def _refusal(self, code: str, path: str | None, *, bodiless: bool = False) -> FileError:
        return refusal(code, path=path, dataset_id=self._location.dataset_id, bodiless=bodiless)

    def _senseless(self, request: _Request) -> FileStoreError:
        return FileStoreError(
            f"The object store's answer for dataset {self._location.dataset_id} makes no sense.",
            path=request.path,
            hint="Something between this machine and the store may have changed it; try again.",
        )

    def _replaced(self, path: str | None) -> IntegrityError:
        return IntegrityError(
            f"{path!r} of dataset {self._location.dataset_id} was replaced meanwhile.",
            path=path,
            hint="Try again.",
        )

    def _other_bytes(self, path: str) -> IntegrityError:
        return IntegrityError(
            f"The store holds something else than {path!r} after its upload.",
            path=path,
            hint="Upload it again.",
        )

    def _exists(self, path: str) -> DatasetFileExists:
        return DatasetFileExists(
            f"Dataset {self._location.dataset_id} holds {path!r} already.",
            path=path,
            hint="Allow it to be replaced, or choose another name.",
        )

    # Parts of what can be asked.

    def _stored(self, path: str, headers: Mapping[str, str], crc32: str) -> Stored:
        made = headers.get("x-amz-checksum-crc32")
        if made is not None and made != crc32:
            raise self._other_bytes(path)
        return Stored(headers.get("ETag", "").strip('"'), made, answers.is_opaque(headers))

    async def _look(self, path: str) -> ObjectState | None:
        try:
            return await self.head(path)
        except DatasetFileNotFound:
            return None

    async def _lost_upload(self, path: str, begun: datetime) -> str | None:
        """Find the upload that an unanswered request may have begun: parts that nobody knows of cost money."""
        try:
            found = await self.list_uploads(path)
        except FileError:
            return None
        for upload in found:
            new = upload.path == path and upload.initiated >= begun
            if new and not await self.list_parts(path, upload.upload_id):
                return upload.upload_id
        return None

    async def _delete_some(self, keys: builtins.list[str]) -> dict[str, str]:
        listed = "".join(f"<Object><Key>{escape(key, _ENTITIES)}</Key></Object>" for key in keys)
        document = f"<Delete><Quiet>true</Quiet>{listed}</Delete>".encode()
        digest = base64.b64encode(hashlib.md5(document, usedforsecurity=False).digest()).decode()
        headers = {"content-type": "application/xml", "content-md5": digest}
        request = _Request(
            "POST", None, "", "delete=", headers, document, len(document), slow=True, doubtful=True
        )
        answer = await self._answer(request)
        return self._read(request, lambda: answers.deletion_failures(answer.data))


async def _unmeasured(response: aiohttp.ClientResponse, limit: int) -> bytearray:
    """Read a body whose length was not told, by its own end."""
    data = bytearray()
    async for piece in response.content.iter_any():
        data += piece
        if 0 <= limit < len(data):
            response.close()
            raise aiohttp.ClientPayloadError
    return data


def _matching(etag: str | None) -> dict[str, str]:
    return {} if etag is None else {"if-match": f'"{etag}"'}


def _typed(content_type: str | None) -> dict[str, str]:
    if content_type is None:
        return {}
    if not _MEDIA_TYPE.fullmatch(content_type):
        raise InvalidArgument("content_type", f"{content_type!r} is no media type.")
    return {"content-type": content_type}


def _length(data: bytes | bytearray | memoryview | Streamed) -> int:
    if isinstance(data, Streamed):
        return data.size
    return data.nbytes if isinstance(data, memoryview) else len(data)


def _part_element(part: StoredPart) -> str:
    crc32 = f"<ChecksumCRC32>{escape(part.crc32)}</ChecksumCRC32>" if part.crc32 is not None else ""
    return f"<Part><PartNumber>{part.number}</PartNumber><ETag>&quot;{escape(part.etag)}&quot;</ETag>{crc32}</Part>"


def _is_no_upload(error: FileError) -> bool:
    return isinstance(error, FileStoreError) and error.code == "NoSuchUpload"


def _is_made_of(there: ObjectState, parts: Sequence[StoredPart], crc32: str, size: int) -> bool:
    """Whether an object is what some parts make."""
    if there.size != size:
        return False
    made = there.checksums.get("crc32")
    if made is not None and there.checksum_type != "COMPOSITE":
        return made == crc32
    etags = [parse_etag(part.etag) for part in parts]
    digests = [etag.digest for etag in etags if etag is not None and etag.parts is None]
    return not there.opaque_etag and len(digests) == len(parts) and there.etag == composite(digests)


def _retry_after(text: str | None) -> float | None:
    """Read how long the store asks to wait, in seconds or as a time."""
    if text is None:
        return None
    if text.isdecimal():
        return float(text)
    moment = answers.http_time(text)
    return None if moment is None else max(0.0, (moment - datetime.now(UTC)).total_seconds())
