"""Uploads in parts, which the object store assembles."""

from __future__ import annotations

import builtins
import contextlib
import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from xml.sax.saxutils import escape

from provena_sdk.errors import FileError, FileStoreError, InvalidArgument
from provena_sdk.s3 import limits
from provena_sdk.s3.checksums import composite, parse_etag
from provena_sdk.s3.client.folder import length_of, typed
from provena_sdk.s3.client.listings import Listings
from provena_sdk.s3.client.reading import Reading
from provena_sdk.s3.client.request import Data, PreconditionFailed, Request, Settled
from provena_sdk.s3.http import endpoint as addresses
from provena_sdk.s3.models import ObjectState, Stored, StoredPart
from provena_sdk.s3.responses import documents, values
from provena_sdk.s3.responses.headers import is_opaque

_CLOCK_SLACK: Final = timedelta(seconds=2)


class Uploads(Reading, Listings):
    """The operations on uploads in parts."""

    async def create_upload(self, path: str, *, content_type: str | None = None) -> str:
        """Begin an upload in parts, and request that the store keep the CRC32 of the whole.

        Args:
            path: The object's path.
            content_type: The media type.

        Returns:
            The upload's id.

        Raises:
            FileError: The guard forbids writing the path.
        """
        headers = {
            "x-amz-checksum-algorithm": "CRC32",
            "x-amz-checksum-type": "FULL_OBJECT",
            **typed(content_type),
        }
        request = Request("POST", path, self._writable(path), "uploads=", headers, b"")
        sent_at = datetime.now(UTC) + self._exchange.clock_ahead - _CLOCK_SLACK
        lost: builtins.list[str] = []

        async def was_begun() -> bool:
            lost.extend(await self._lost_uploads(path, sent_at))
            return bool(lost)

        try:
            answer = await self._exchange.answer(request, has_happened=was_begun)
        except Settled:
            return lost[0]
        found = self._read(request, lambda: documents.result(answer.data, "InitiateMultipartUploadResult"))
        return self._read(request, lambda: documents.upload_id(found.get("UploadId", "")))

    async def upload_part(
        self,
        path: str,
        upload_id: str,
        number: int,
        data: Data,
        *,
        crc32: str,
        sent: Callable[[int], None] | None = None,
    ) -> StoredPart:
        """Send one part; the store refuses bytes that do not match the checksum.

        Args:
            path: The object's path.
            upload_id: The upload's id.
            number: The part's number, from 1 to 10,000.
            data: Its bytes, or how to read them: at least 5 MiB unless it is the last. They must not change until this
                returns.
            crc32: Their CRC32, in base64.
            sent: Called, on any thread, with the number of bytes that the current attempt has sent.

        Raises:
            FileStoreError: The store refused; ``code`` is ``NoSuchUpload`` when the upload no longer exists.
            IntegrityError: The stored bytes differ from those sent.
        """
        if not 1 <= number <= limits.MAX_PARTS:
            raise InvalidArgument("number", f"parts are numbered from 1 to {limits.MAX_PARTS:,}.")
        query = addresses.query([("partNumber", str(number)), ("uploadId", upload_id)])
        headers = {"x-amz-checksum-crc32": crc32}
        request = Request("PUT", path, self._writable(path), query, headers, data, length_of(data))
        request.sent = sent
        answer = await self._exchange.answer(request)
        stored = self._stored(path, answer.headers, crc32)
        return StoredPart(number, stored.etag, length_of(data), stored.crc32, stored.opaque_etag)

    async def copy_part(
        self,
        path: str,
        upload_id: str,
        number: int,
        source: str,
        *,
        span: tuple[int, int],
        if_match: str | None = None,
    ) -> StoredPart:
        """Have the store copy a range of an object of the folder into a part, without its bytes coming here.

        Args:
            path: The path of the object to create.
            upload_id: The upload's id.
            number: The part's number, from 1 to 10,000.
            source: The path of the object to copy.
            span: Offset and length of the range, in bytes; at most 5 GiB.
            if_match: The ETag that the source must have.

        Raises:
            DatasetFileNotFound: The source does not exist.
            FileStoreError: The store refused.
            IntegrityError: The source has another ETag.
        """
        query = addresses.query([("partNumber", str(number)), ("uploadId", upload_id)])
        offset, length = span
        headers = {
            "x-amz-copy-source": self._origin(source),
            "x-amz-copy-source-range": f"bytes={offset}-{offset + length - 1}",
        }
        if if_match:
            headers["x-amz-copy-source-if-match"] = f'"{if_match}"'
        request = Request("PUT", source, self._writable(path), query, headers, b"", slow=True, doubtful=True)
        answer = await self._exchange.answer(request)
        found = self._read(request, lambda: documents.result(answer.data, "CopyPartResult"))
        crc32 = values.checksum("crc32", found.get("ChecksumCRC32"))
        return StoredPart(number, values.etag(found.get("ETag")), length, crc32, is_opaque(answer.headers))

    async def list_parts(self, path: str, upload_id: str) -> builtins.list[StoredPart] | None:
        """List the parts that the store has, by number.

        Args:
            path: The object's path.
            upload_id: The upload's id.

        Returns:
            The parts; None when the upload does not exist, or no longer.
        """
        found: list[StoredPart] = []
        after = 0
        while True:
            pairs = [("uploadId", upload_id), ("max-parts", str(limits.PAGE_SIZE))]
            if after:
                pairs.append(("part-number-marker", str(after)))
            request = Request("GET", path, self._key(path), addresses.query(pairs))
            try:
                answer = await self._exchange.answer(request)
            except FileError as error:
                if _is_no_upload(error):
                    return None
                raise
            read = self._read(request, lambda: documents.parts(answer.data))  # noqa: B023 reason= called at once
            if not _rise([after, *(part.number for part in read.parts)]):
                raise self._exchange.circular()
            found += read.parts
            if read.next is None:
                return found
            if read.next <= after:
                raise self._exchange.circular()
            after = read.next

    async def complete_upload(
        self,
        path: str,
        upload_id: str,
        parts: Sequence[StoredPart],
        *,
        crc32: str | None,
        size: int,
        if_none_match: bool = False,
    ) -> Stored:
        """Complete an upload; the store compares the size and the checksum of the whole.

        An upload that no longer exists may have been completed by an attempt whose answer was lost: the object then
        counts as stored if it matches the parts.

        Args:
            path: The object's path.
            upload_id: The upload's id.
            parts: All parts, by number.
            crc32: The CRC32 of the whole, in base64; None if unknown.
            size: The size of the whole in bytes.
            if_none_match: Whether to fail if an object of this name exists.

        Raises:
            DatasetFileExists: An object of this name exists, and it must not be replaced.
            FileStoreError: The store refused; ``code`` is ``NoSuchUpload`` when the upload no longer exists.
            IntegrityError: The stored bytes differ from those sent.
        """
        body = "".join(map(_part_element, parts))
        headers = {
            "content-type": "application/xml",
            "x-amz-mp-object-size": str(size),
        }
        if crc32 is not None:
            headers |= {"x-amz-checksum-crc32": crc32, "x-amz-checksum-type": "FULL_OBJECT"}
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
            found = self._read(
                request, lambda: documents.result(answer.data, "CompleteMultipartUploadResult")
            )
            etag = values.etag(found.get("ETag"))
            made = found.get("ChecksumCRC32") or answer.headers.get("x-amz-checksum-crc32")
            # Stores without checksums of whole objects answer with a checksum of the parts' checksums.
            if None not in (crc32, made) and "-" not in str(made) and made != crc32:
                raise self._other_bytes(path)
            return Stored(etag, made, is_opaque(answer.headers))
        there = await self._look(path)
        if there is None or not _is_made_of(there, parts, crc32, size):
            raise refused
        return Stored(there.etag, there.checksums.get("crc32"), there.opaque_etag)

    async def abort_upload(self, path: str, upload_id: str) -> None:
        """Abort an upload so that the store deletes its parts; a missing upload is not an error.

        Args:
            path: The object's path.
            upload_id: The upload's id.
        """
        query = addresses.query([("uploadId", upload_id)])
        request = Request("DELETE", path, self._removable(path), query)
        try:
            await self._exchange.answer(request)
        except FileError as error:
            if not _is_no_upload(error):
                raise

    async def _lost_uploads(self, path: str, sent_at: datetime) -> builtins.list[str]:
        """Return the id of the upload that an unanswered request began, if any: lost uploads cost money."""
        with contextlib.suppress(FileError):
            for upload in await self.list_uploads(path):
                new = upload.path == path and upload.initiated >= sent_at
                if new and not await self.list_parts(path, upload.upload_id):
                    return [upload.upload_id]
        return []


def _rise(numbers: Sequence[int]) -> bool:
    return all(low < high for low, high in itertools.pairwise(numbers))


def _part_element(part: StoredPart) -> str:
    crc32 = f"<ChecksumCRC32>{escape(part.crc32)}</ChecksumCRC32>" if part.crc32 is not None else ""
    return f"<Part><PartNumber>{part.number}</PartNumber><ETag>&quot;{escape(part.etag)}&quot;</ETag>{crc32}</Part>"


def _is_no_upload(error: FileError) -> bool:
    return isinstance(error, FileStoreError) and error.store_code == "NoSuchUpload"


def _is_made_of(there: ObjectState, parts: Sequence[StoredPart], crc32: str | None, size: int) -> bool:
    """Return whether an object matches the parts, by size and checksum."""
    if there.size != size:
        return False
    made = there.checksums.get("crc32")
    if None not in (crc32, made) and there.checksum_type != "COMPOSITE":
        return made == crc32
    etags = [parse_etag(part.etag) for part in parts]
    digests = [etag.digest for etag in etags if etag is not None and etag.parts is None]
    return not there.opaque_etag and len(digests) == len(parts) and there.etag == composite(digests)
