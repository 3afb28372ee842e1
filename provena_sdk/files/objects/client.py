"""What can be asked of the object store about one dataset: S3's operations, without botocore."""

from __future__ import annotations

import base64
import builtins
import contextlib
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar
from xml.sax.saxutils import escape

from provena_sdk.errors import (
    DatasetFileExists,
    DatasetFileNotFound,
    FileError,
    FileStoreError,
    IntegrityError,
    InvalidArgument,
    UnsafePath,
)
from provena_sdk.files.admission import Admission
from provena_sdk.files.checksum import composite, parse_etag
from provena_sdk.files.location import DatasetLocation, StoreAddress
from provena_sdk.files.media_type import check_content_type
from provena_sdk.files.objects import address as addresses
from provena_sdk.files.objects import answers, retry
from provena_sdk.files.objects.connections import IDLE_SECONDS
from provena_sdk.files.objects.exchange import Data, Exchange, PreconditionFailed, Request, Settled
from provena_sdk.files.objects.lanes import Lanes
from provena_sdk.files.objects.retry import RetryRule
from provena_sdk.files.objects.state import (
    ListedUpload,
    ObjectState,
    Page,
    Received,
    Stored,
    StoredPart,
    Streamed,
)
from provena_sdk.files.objects.wire import Receiver
from provena_sdk.files.paths import MAX_KEY_BYTES, check_removable, check_writable
from provena_sdk.files.session import DatasetCredentials

T = TypeVar("T")

MAX_PUT_BYTES: Final = 5 * 1024**3
"""The most that S3 takes in one request."""

_PAGE: Final = "1000"
_MOST_DELETED: Final = 1000
_DELETIONS: Final = 4
_MOST_PARTS: Final = 10_000
_CLOCK_SLACK: Final = timedelta(seconds=2)
_UNWRITABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENTITIES: Final = {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
# The longest body that HTTP can announce here.
_ANY: Final = 1 << 62


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
        self._access = credentials.access
        self._exchange = Exchange(
            location,
            credentials,
            address,
            rule=rule if rule is not None else retry.RULE,
            idle=idle,
            admission=admission if admission is not None else Admission(),
        )

    @property
    def admission(self) -> Admission:
        """What says how many requests may be on their way at once."""
        return self._exchange.admission

    @property
    def out_of_reach(self) -> bool:
        """Whether nothing has been heard from the store for as long as a request is tried, though it was asked."""
        return self._exchange.out_of_reach

    def __repr__(self) -> str:
        return f"<ObjectClient {self._location.dataset_id} ({self._access})>"

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
            request = Request("GET", None, query=addresses.query(pairs + follow))
            answer = await self._exchange.answer(request)
            found = self._read(request, lambda: answers.entries(answer.data, prefix))  # noqa: B023 reason= called at once
            yield found.page
            if found.next is None:
                return
            if follow and follow[0][1] == found.next:
                raise self._exchange.senseless(request.path)
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
        request = Request("HEAD", path, self._key(path), query, headers)
        answer = await self._exchange.answer(request)
        length = answer.headers.get("content-length", "")
        if not length.isdecimal():
            raise self._exchange.senseless(request.path)
        return answers.state(answer.headers, int(length))

    async def get(
        self,
        path: str,
        *,
        span: tuple[int, int] | None = None,
        if_match: str | None = None,
        size: int | None = None,
        into: Receiver | None = None,
        lanes: Lanes | None = None,
    ) -> Received:
        """Get an object, or a range of it. Lengths are checked here, checksums are not.

        Args:
            path: The object.
            span: Offset and length of the range, in bytes; None for the whole object.
            if_match: The ETag it must have.
            size: The size in bytes that the whole object must have, when it is known. It also says whether the request
                is a large one.
            into: Takes the bytes while they arrive, anew with each attempt; none are returned then. What it takes
                counts only once this has returned.
            lanes: Where ``into`` is called, and may take its time.

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
            request = Request("GET", path, self._key(path), "", headers, size=length, limit=length)
        else:
            request = Request(
                "GET",
                path,
                self._key(path),
                "",
                headers,
                size=size or 0,
                limit=_ANY if size is None else size,
            )
        request.into, request.lanes = into, lanes
        answer = await self._exchange.answer(request)
        here = whole = answer.taken or len(answer.data)
        if span is not None:
            # A store that passes over the range sends the whole, which is right if that is what was asked for.
            found = (0, whole, whole)
            if answer.status == 206:
                found = answers.content_range(answer.headers.get("content-range")) or (-1, 0, 0)
            if found[:2] != span or here != span[1]:
                raise self._exchange.replaced(path)
            whole = found[2]
        if size is not None and whole != size:
            raise self._exchange.replaced(path)
        return Received(answer.data, answers.state(answer.headers, whole))

    async def peek(self, path: str, length: int, *, tail: bool = False) -> Received:
        """Get the beginning or the end of an object of which nothing is known yet, and with it what is to be known.

        Args:
            path: The object.
            length: How many bytes; one that is shorter is got as a whole.
            tail: Whether the end is meant.

        Raises:
            DatasetFileNotFound: There is no such object.
            FileStoreError: The store refused, or its answer makes no sense.
            InvalidArgument: Not even one byte is asked for.
        """
        if length < 1:
            raise InvalidArgument("length", "at least one byte is needed.")
        # No checksums are asked for: a range has none.
        headers = {"range": f"bytes=-{length}" if tail else f"bytes=0-{length - 1}"}
        request = Request("GET", path, self._key(path), "", headers, size=length, limit=length)
        try:
            answer = await self._exchange.answer(request)
        except IntegrityError:
            answer = None
        if answer is None:
            # An empty object has no range at all.
            state = await self.head(path)
            if state.size:
                raise self._exchange.replaced(path)
            return Received(bytearray(), state)
        whole = len(answer.data)
        if answer.status == 206:
            found = answers.content_range(answer.headers.get("content-range"))
            expected = 0
            if found is not None:
                whole = found[2]
                expected = max(whole - length, 0) if tail else 0
            if found is None or found[:2] != (expected, min(whole, length)) or len(answer.data) != found[1]:
                raise self._exchange.senseless(path)
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
        request = Request("PUT", path, self._writable(path), "", headers, data, length)
        try:
            answer = await self._exchange.answer(request)
        except PreconditionFailed:
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
        request = Request("POST", path, self._writable(path), "uploads=", headers, b"")
        begun = datetime.now(UTC) + self._exchange.clock_ahead - _CLOCK_SLACK
        lost: builtins.list[str] = []

        async def was_begun() -> bool:
            lost.extend(await self._lost_uploads(path, begun))
            return bool(lost)

        try:
            answer = await self._exchange.answer(request, has_happened=was_begun)
        except Settled:
            return lost[0]
        found = self._read(request, lambda: answers.result(answer.data, "InitiateMultipartUploadResult"))
        if not found.get("UploadId"):
            raise self._exchange.senseless(request.path)
        return found["UploadId"]

    async def upload_part(
        self,
        path: str,
        upload_id: str,
        number: int,
        data: Data,
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
        request = Request("PUT", path, self._writable(path), query, headers, data, _length(data))
        answer = await self._exchange.answer(request)
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
            request = Request("GET", path, self._key(path), addresses.query(pairs))
            try:
                answer = await self._exchange.answer(request)
            except FileError as error:
                if _is_no_upload(error):
                    return None
                raise
            read = self._read(request, lambda: answers.parts(answer.data))  # noqa: B023 reason= called at once
            found += read.parts
            if read.next is None:
                return found
            if read.next == after:
                raise self._exchange.senseless(request.path)
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
        request = Request(
            "POST", path, self._writable(path), query, headers, document, slow=True, doubtful=True
        )
        refused: Exception
        try:
            answer = await self._exchange.answer(request)
        except PreconditionFailed:
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
        request = Request("DELETE", path, self._removable(path), query)
        try:
            await self._exchange.answer(request)
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
            request = Request("GET", None, query=addresses.query(pairs + follow))
            answer = await self._exchange.answer(request)
            read = self._read(request, lambda: answers.uploads(answer.data, prefix))  # noqa: B023 reason= called at once
            found += read.uploads
            if read.next is None:
                return found
            after = [("key-marker", read.next[0]), ("upload-id-marker", read.next[1])]
            if follow == after:
                raise self._exchange.senseless(request.path)
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
        keys = {self._removable(path): path for path in paths}
        plain = [key for key in keys if not _UNWRITABLE.search(key)]
        failures: dict[str, Exception] = {}
        for start in range(0, len(plain), _MOST_DELETED):
            failures.update(await self._delete_some(plain[start : start + _MOST_DELETED]))
        # XML cannot name these.
        for key in keys.keys() - set(plain):
            try:
                await self._exchange.answer(Request("DELETE", keys[key], key))
            except Exception as error:
                failures[key] = error
        return {keys[key]: error for key, error in failures.items()}

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
        request = Request("PUT", source, self._writable(target), "", headers, b"", slow=True, doubtful=True)
        answer = await self._exchange.answer(request)
        found = self._read(request, lambda: answers.result(answer.data, "CopyObjectResult"))
        etag = found.get("ETag", "").strip('"')
        return Stored(etag, found.get("ChecksumCRC32"), answers.is_opaque(answer.headers))

    async def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        await self._exchange.close()

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
        check_writable(path, self._location.dataset_id)
        return self._key(path)

    def _removable(self, path: str) -> str:
        check_removable(path, self._location.dataset_id)
        return self._key(path)

    def _read(self, request: Request, read: Callable[[], T]) -> T:
        with contextlib.suppress(answers.UnreadableXml):
            return read()
        raise self._exchange.senseless(request.path)

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
        return Stored(headers.get("etag", "").strip('"'), made, answers.is_opaque(headers))

    async def _look(self, path: str) -> ObjectState | None:
        try:
            return await self.head(path)
        except DatasetFileNotFound:
            return None

    async def _lost_uploads(self, path: str, begun: datetime) -> builtins.list[str]:
        """Find the upload that an unanswered request may have begun: parts that nobody knows of cost money."""
        with contextlib.suppress(FileError):
            for upload in await self.list_uploads(path):
                new = upload.path == path and upload.initiated >= begun
                if new and not await self.list_parts(path, upload.upload_id):
                    return [upload.upload_id]
        return []

    async def _delete_some(self, keys: Sequence[str]) -> dict[str, Exception]:
        """Delete as many as one request takes; return the failures by key."""
        failures: dict[str, Exception] = {}
        left = set(keys)
        for attempt in range(1, _DELETIONS + 1):
            try:
                refused = await self._delete_once(sorted(left))
            except Exception as error:
                return failures | dict.fromkeys(left, error)
            codes = {key: code for key, code in refused.items() if key in left}
            failures.update((key, self._exchange.refusal(codes[key], self._path(key))) for key in codes)
            left = {key for key, code in codes.items() if retry.trouble(200, code)}
            if not left or attempt == _DELETIONS:
                break
            # The request went well, so that nobody else repeats it for the keys that did not.
            await self._exchange.pause(attempt)
            for key in left:
                del failures[key]
        return failures

    async def _delete_once(self, keys: Sequence[str]) -> dict[str, str]:
        listed = "".join(f"<Object><Key>{escape(key, _ENTITIES)}</Key></Object>" for key in keys)
        document = f"<Delete><Quiet>true</Quiet>{listed}</Delete>".encode()
        digest = base64.b64encode(hashlib.md5(document, usedforsecurity=False).digest()).decode()
        headers = {"content-type": "application/xml", "content-md5": digest}
        request = Request(
            "POST", None, "", "delete=", headers, document, len(document), slow=True, doubtful=True
        )
        answer = await self._exchange.answer(request)
        return self._read(request, lambda: answers.deletion_failures(answer.data))

    def _path(self, key: str) -> str:
        return key.removeprefix(self._location.prefix)


def _matching(etag: str | None) -> dict[str, str]:
    return {} if etag is None else {"if-match": f'"{etag}"'}


def _typed(content_type: str | None) -> dict[str, str]:
    checked = check_content_type(content_type)
    return {} if checked is None else {"content-type": checked}


def _length(data: Data) -> int:
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
