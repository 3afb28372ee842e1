"""Upload one file, in one request or in parts.

An upload in parts that fails is aborted. One that is cancelled, as by Ctrl-C, is kept for the next transfer if the
store has any of its parts. Requests that are nearly done are finished first.

Each request carries the CRC32 of its bytes, which the store verifies and returns. If a store does not support this
checksum, its ETag is compared with the MD5 instead.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import mimetypes
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from provena_sdk.display.text import quoted
from provena_sdk.errors import FileAccessDenied, FileStoreError, IntegrityError
from provena_sdk.s3.budget import SMALL_BYTES
from provena_sdk.s3.checksums import Hasher, combine, composite, crc32, md5, new_hasher
from provena_sdk.s3.models import Stored, StoredPart, Streamed
from provena_sdk.s3.parts import each_part, is_in_parts, is_part_size, part_size
from provena_sdk.transfer.local.source_file import SourceFile
from provena_sdk.transfer.report import FileOutcome, Verified
from provena_sdk.transfer.resume.upload_journal import UploadJournal, UploadJournals, UploadRecord
from provena_sdk.transfer.scheduler import Scheduler
from provena_sdk.transfer.spec.items import Upload

STREAMED_BYTES: Final = 16 * 1024 * 1024
"""The size in bytes above which a part is never held in memory as a whole; files over 160 GB have such parts."""

_CHUNK_BYTES: Final = 4 * 1024 * 1024
_ATTEMPTS: Final = 3
_ABORT_SECONDS: Final = 10.0
_SETTLING_SECONDS: Final = 0.05
# The store refuses requests whose time differs more from its clock, so the clocks agree within this limit.
_CLOCK: Final = timedelta(minutes=15)
_SIZE_ONLY: Final = "only its size could be verified; the store keeps no usable checksum"


@dataclass(frozen=True, slots=True)
class _Verification:
    verified: Verified
    checksum: str | None = None
    resumed: int = 0


async def upload_file(scheduler: Scheduler, item: Upload) -> FileOutcome:
    """Upload one file, and verify the store's checksum against the bytes that were read.

    A large file is uploaded in parts. If this process dies, the next upload of the same file sends only the missing
    parts, as after Ctrl-C. If the upload fails, it is aborted, because stored parts cost money and are not listed.

    Args:
        scheduler: The scheduler of the transfer.
        item: The file.

    Returns:
        The outcome of the file.

    Raises:
        IntegrityError: The file changed while it was read, or the store's checksum differs.
        Exception: Any other failure.
    """
    started = time.monotonic()
    kind = mimetypes.guess_type(item.path)[0]
    size = item.size
    verification: _Verification | None = None
    while verification is None and not is_in_parts(size, scheduler.sending_rate):
        async with scheduler.budget.hold(size):
            whole = await scheduler.in_thread(_read_whole, item.source, size, item.size)
            if whole.data is None:
                # The file has grown since it was listed.
                size = whole.size
                continue
            size = len(whole.data)
            verification = await _send_whole(scheduler, item.path, whole.data, whole.crc, kind)
    if verification is None:
        source = await scheduler.in_thread(SourceFile, item.source)
        try:
            size = source.size
            verification = await _send_parts(scheduler, item, source, kind)
        finally:
            source.close()
    return FileOutcome(
        item.path,
        "uploaded",
        bytes=size,
        seconds=time.monotonic() - started,
        local=item.source,
        reason=_SIZE_ONLY if verification.verified == "size" else None,
        verified=verification.verified,
        checksum=verification.checksum,
        resumed=verification.resumed,
    )


async def abort_forgotten(scheduler: Scheduler) -> None:
    """Abort uploads to this dataset that started over a week ago, whose process died, and that were not resumed.

    Errors are ignored: an upload that cannot be aborted now is left to the next transfer.

    Args:
        scheduler: The scheduler of a transfer with write access.
    """
    journals = _journals(scheduler)
    with _released_on_error(await scheduler.in_thread(lambda: list(journals.adopt_forgotten()))) as adopted:
        while adopted:
            await _abort(scheduler, journals, adopted.pop())


@dataclass(frozen=True, slots=True)
class _Whole:
    size: int
    data: bytes | None
    crc: bytes = b""


def _read_whole(path: Path, expected: int, listed: int) -> _Whole:
    """Read a small file. If it is larger than expected, return only its size."""
    with contextlib.closing(SourceFile(path)) as source:
        if source.size > expected:
            return _Whole(source.size, None)
        data = source.read(0, source.size)
        if len(data) != listed:
            # Another process may be rewriting it, so that it is empty or short for a moment.
            time.sleep(_SETTLING_SECONDS)
            source.check()
        return _Whole(source.size, data, crc32(data))


async def _send_whole(
    scheduler: Scheduler, path: str, data: bytes, crc: bytes, kind: str | None
) -> _Verification:
    sent = 0

    def moved(upto: int) -> None:
        nonlocal sent
        sent = upto
        scheduler.progress.moved(path, upto)

    async def send() -> _Verification:
        verification = await _put(scheduler, path, data, crc, kind, moved)
        scheduler.progress.kept(path, len(data))
        return verification

    # A task for each small file would cost too much.
    return await (send() if len(data) <= SMALL_BYTES else scheduler.finish(send(), len(data), lambda: sent))


async def _put(
    scheduler: Scheduler,
    path: str,
    data: bytes,
    crc: bytes,
    kind: str | None,
    moved: Callable[[int], None],
) -> _Verification:
    for _ in range(_ATTEMPTS):
        stored = await scheduler.objects.put(path, data, crc32=_base64(crc), content_type=kind, sent=moved)
        if stored.crc32 is not None:
            if stored.crc32 == _base64(crc):
                return _Verification("checksum", f"crc32:{crc.hex()}")
        elif stored.opaque_etag:
            return _Verification("size")
        elif stored.etag == (digest := await scheduler.in_thread(md5, data)):
            return _Verification("checksum", f"md5:{digest}")
    raise _mismatch(path)


async def _send_parts(
    scheduler: Scheduler, item: Upload, source: SourceFile, kind: str | None
) -> _Verification:
    journals = _journals(scheduler)
    found = await _find_resumable(scheduler, journals, item.path, source)
    try:
        return await _PartsUpload(scheduler, journals, item, source, found).send(kind)
    except FileStoreError as error:
        if error.store_code != "NoSuchUpload":
            raise
    # Something else aborted the upload, such as a lifecycle rule of the bucket. Start a new one.
    return await _PartsUpload(scheduler, journals, item, source, None).send(kind)


@dataclass(frozen=True, slots=True)
class _Resumable:
    """An upload started by a process that died, with the parts that the store has."""

    journal: UploadJournal
    upload_id: str
    parts: dict[int, StoredPart]


async def _find_resumable(
    scheduler: Scheduler, journals: UploadJournals, path: str, source: SourceFile
) -> _Resumable | None:
    """Return an upload of the same file whose process died, if any. Abort other such uploads to its path."""
    found: _Resumable | None = None
    with _released_on_error(await scheduler.in_thread(lambda: list(journals.adopt(path)))) as adopted:
        for journal in tuple(adopted):
            record, parts = journal.begun, None
            fits = (record.size, record.modified_ns) == (source.size, source.modified_ns)
            fits = fits and is_part_size(record.part_size, source.size)
            if found is None and fits and record.upload_id is not None:
                # Uploading parts may be allowed where listing them is not.
                with contextlib.suppress(FileAccessDenied):
                    parts = await scheduler.objects.list_parts(path, record.upload_id)
                if parts is not None:
                    found = _Resumable(journal, record.upload_id, {part.number: part for part in parts})
                    continue
            adopted.remove(journal)
            await _abort(scheduler, journals, journal)
    return found


@contextlib.contextmanager
def _released_on_error(journals: list[UploadJournal]) -> Iterator[list[UploadJournal]]:
    """Release the journals still in the list to the next transfer if the block fails or is cancelled."""
    try:
        yield journals
    except BaseException:
        for journal in journals:
            journal.release()
        raise


async def _abort(scheduler: Scheduler, journals: UploadJournals, journal: UploadJournal) -> None:
    """Abort an upload and remove its journal, or release it to the next transfer if that fails."""
    path = journal.begun.path
    try:
        async with asyncio.timeout(_ABORT_SECONDS):
            if journal.begun.upload_id is not None:
                await scheduler.objects.abort_upload(path, journal.begun.upload_id)
            else:
                await _abort_unnamed(scheduler, journals, journal)
    except BaseException as error:
        journal.release()
        if not isinstance(error, Exception):
            raise
    else:
        journal.remove()


async def _abort_unnamed(scheduler: Scheduler, journals: UploadJournals, journal: UploadJournal) -> None:
    """Abort an upload whose process died before it received the upload ID.

    It is recognised by its path and start time.
    """
    path, started = journal.begun.path, journal.begun.begun
    known = await scheduler.in_thread(journals.upload_ids, path)
    for listed in await scheduler.objects.list_uploads(path):
        near = abs(listed.initiated.timestamp() - started) <= _CLOCK.total_seconds()
        if listed.path == path and near and listed.upload_id not in known:
            await scheduler.objects.abort_upload(path, listed.upload_id)


class _PartsUpload:
    """The upload of one file in parts.

    Args:
        scheduler: The scheduler of the transfer.
        journals: The journals of uploads to the dataset.
        item: The file.
        source: The open file.
        found: The upload to resume; None to start a new one.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        journals: UploadJournals,
        item: Upload,
        source: SourceFile,
        found: _Resumable | None,
    ) -> None:
        self._scheduler = scheduler
        self._journals = journals
        self._path = item.path
        self._source = source
        self._part_size = (
            found.journal.begun.part_size if found else part_size(source.size, scheduler.sending_rate)
        )
        self._stored = found.parts if found else {}
        self._upload_id = found.upload_id if found else ""
        self._journal = found.journal if found else journals.new(self._new_record(item))
        self._is_opaque = self._journal.begun.opaque_etags
        self._parts: dict[int, StoredPart] = {}
        self._crcs: dict[int, bytes] = {}
        self._lock = threading.Lock()
        self._sent_of: dict[int, int] = {}
        self._sent_sum = 0
        self._resumed = self._kept = 0

    def _new_record(self, item: Upload) -> UploadRecord:
        return UploadRecord(
            item.path,
            None,
            os.path.abspath(item.source),
            self._source.size,
            self._source.modified_ns,
            self._part_size,
            time.time(),
        )

    async def send(self, kind: str | None) -> _Verification:
        """Upload the missing parts and complete the upload, or abort it if that fails."""
        beginning: asyncio.Future[None] | None = None
        try:
            if not self._upload_id:
                beginning = asyncio.ensure_future(self._begin(kind))
                await asyncio.shield(beginning)
            await self._scheduler.parts(each_part(self._source.size, self._part_size), self._send)
            verification = await self._complete()
        except BaseException as error:
            if isinstance(error, FileAccessDenied) and not self._upload_id:
                self._journal.remove()
                raise
            if isinstance(error, asyncio.CancelledError) and (self._parts or self._stored):
                self._journal.release()
                raise
            aborting = asyncio.ensure_future(self._abort(beginning))
            with contextlib.suppress(Exception):
                await asyncio.shield(aborting)
            raise
        self._journal.remove()
        return verification

    async def _begin(self, kind: str | None) -> None:
        # Write the journal first, because the process may die before it receives the upload ID.
        await self._scheduler.in_thread(self._journal.write, upload_id=None)
        self._upload_id = await self._scheduler.objects.create_upload(self._path, content_type=kind)
        await self._scheduler.in_thread(self._journal.write, upload_id=self._upload_id)

    async def _abort(self, beginning: asyncio.Future[None] | None) -> None:
        if beginning is not None and not beginning.done():
            # The store may just be creating the upload.
            await asyncio.wait((beginning,), timeout=_ABORT_SECONDS)
        await _abort(self._scheduler, self._journals, self._journal)

    async def _send(self, span: tuple[int, int]) -> None:
        number = span[0] // self._part_size + 1
        sending = self._send_part(number, span)
        await self._scheduler.finish(sending, span[1], lambda: self._sent_of.get(number, 0))

    async def _send_part(self, number: int, span: tuple[int, int]) -> None:
        length = span[1]
        streamed = length > STREAMED_BYTES
        async with self._scheduler.budget.hold(2 * _CHUNK_BYTES if streamed else length):
            body = (
                _StreamedPart(self._scheduler, self._source, span)
                if streamed
                else _BufferedPart(self._scheduler, self._source, span)
            )
            self._crcs[number] = crc = await body.prepare()
            part = self._stored.pop(number, None)
            if (
                part is not None
                and part.size == length
                and await _is_equal(part, crc, body, opaque=self._is_opaque)
            ):
                self._resumed += length
                self._scheduler.progress.resumed(self._path, self._sent_bytes(number, length))
            else:
                part = await self._sent(number, crc, body)
                if part.opaque_etag and not self._is_opaque:
                    self._is_opaque = True
                    await self._scheduler.in_thread(self._journal.note_opaque_etags)
        self._parts[number] = part
        self._count(number, length)
        self._kept += length
        self._scheduler.progress.kept(self._path, self._kept)

    async def _sent(self, number: int, crc: bytes, body: _BufferedPart | _StreamedPart) -> StoredPart:
        for _ in range(_ATTEMPTS):
            try:
                part = await self._scheduler.objects.upload_part(
                    self._path,
                    self._upload_id,
                    number,
                    body.data,
                    crc32=_base64(crc),
                    sent=functools.partial(self._count, number),
                )
            except Exception as error:
                failure = body.failure or error
            else:
                if await _matches(part, crc, body):
                    return part
                continue
            # Raised outside the handler, so that the connection's error does not become its context.
            raise failure
        raise _mismatch(self._path)

    def _count(self, number: int, sent: int) -> None:
        """Report how many bytes of a part were sent, on any thread."""
        self._scheduler.progress.moved(self._path, self._sent_bytes(number, sent))
        self._journal.touch()

    def _sent_bytes(self, number: int, sent: int) -> int:
        """Return the bytes of the file sent so far. What is sent again after a failure counts once."""
        with self._lock:
            self._sent_sum += max(0, sent - self._sent_of.get(number, 0))
            self._sent_of[number] = max(sent, self._sent_of.get(number, 0))
            return self._sent_sum

    async def _complete(self) -> _Verification:
        numbers = sorted(self._parts)
        parts = [self._parts[number] for number in numbers]
        crcs = [self._crcs[number] for number in numbers]
        crc = await self._scheduler.in_thread(self._unchanged_crc, crcs)
        stored = await self._scheduler.objects.complete_upload(
            self._path, self._upload_id, parts, crc32=_base64(crc), size=self._source.size
        )
        return replace(_verify(self._path, stored, crc, crcs, parts), resumed=self._resumed)

    def _unchanged_crc(self, crcs: Sequence[bytes]) -> bytes:
        """Return the CRC32 of the whole file, after checking that it did not change."""
        self._source.check()
        whole = bytes(4)
        for (_, length), crc in zip(each_part(self._source.size, self._part_size), crcs, strict=True):
            whole = combine("crc32", whole, crc, length)
        return whole


class _BufferedPart:
    """The bytes of one part, held in memory.

    Args:
        scheduler: The scheduler of the transfer.
        source: The file.
        span: The part's offset and length in bytes.
    """

    failure: Exception | None = None

    def __init__(self, scheduler: Scheduler, source: SourceFile, span: tuple[int, int]) -> None:
        self._scheduler = scheduler
        self._source = source
        self._span = span
        self.data = b""

    async def prepare(self) -> bytes:
        """Read the part and return its CRC32."""
        self.data, crc = await self._scheduler.in_thread(_read, self._source, *self._span)
        return crc

    async def md5(self) -> str:
        """Return the part's MD5."""
        return await self._scheduler.in_thread(md5, self.data)


class _StreamedPart:
    """The bytes of one part, read from the file again for each attempt.

    Args:
        scheduler: The scheduler of the transfer.
        source: The file.
        span: The part's offset and length in bytes.
    """

    def __init__(self, scheduler: Scheduler, source: SourceFile, span: tuple[int, int]) -> None:
        self._scheduler = scheduler
        self._source = source
        self._span = span
        self.data = Streamed(span[1], self._chunks)
        self.failure: Exception | None = None

    async def prepare(self) -> bytes:
        """Read the part and return its CRC32."""
        return await self._digest("crc32")

    async def md5(self) -> str:
        """Return the part's MD5."""
        return (await self._digest("md5")).hex()

    async def _digest(self, algorithm: str) -> bytes:
        hasher = new_hasher(algorithm)
        if hasher is None:
            raise AssertionError(f"Python has {algorithm}.")
        for offset, length in self._chunk_spans():
            # One chunk at a time, so that a huge file does not block a thread for long.
            await self._scheduler.in_thread(_update, hasher, self._source, offset, length)
        return hasher.digest()

    def _chunks(self) -> AsyncIterator[bytes]:
        if self.failure is not None:
            raise self.failure
        return self._read()

    async def _read(self) -> AsyncIterator[bytes]:
        for offset, length in self._chunk_spans():
            try:
                data = await self._scheduler.in_thread(self._source.read, offset, length)
            except Exception as error:
                # Keep the error, because the sender would report a broken connection.
                self.failure = error
                raise
            yield data

    def _chunk_spans(self) -> Iterator[tuple[int, int]]:
        begin, size = self._span
        return ((begin + offset, length) for offset, length in each_part(size, _CHUNK_BYTES))


def _read(source: SourceFile, offset: int, length: int) -> tuple[bytes, bytes]:
    data = source.read(offset, length)
    return data, crc32(data)


def _update(hasher: Hasher, source: SourceFile, offset: int, length: int) -> None:
    hasher.update(source.read(offset, length))


async def _matches(part: StoredPart, crc: bytes, body: _BufferedPart | _StreamedPart) -> bool:
    """Return whether a stored part has these bytes. True if the store reports no checksum to compare."""
    if part.crc32 is not None:
        return part.crc32 == _base64(crc)
    return part.opaque_etag or part.etag == await body.md5()


async def _is_equal(
    part: StoredPart, crc: bytes, body: _BufferedPart | _StreamedPart, *, opaque: bool
) -> bool:
    """Return whether a part that an earlier process sent has these bytes, by the strongest checksum there is."""
    if opaque:
        return part.crc32 == _base64(crc)
    return part.crc32 in (None, _base64(crc)) and part.etag == await body.md5()


def _verify(
    path: str, stored: Stored, crc: bytes, crcs: Sequence[bytes], parts: Sequence[StoredPart]
) -> _Verification:
    """Verify the completed file, whose parts have been verified.

    Raises:
        IntegrityError: The store's checksum differs.
    """
    if stored.crc32 is not None:
        # Some stores return a checksum of the parts' checksums instead.
        of_parts = crc32(b"".join(crcs))
        if stored.crc32 not in (_base64(crc), f"{_base64(of_parts)}-{len(crcs)}"):
            raise _mismatch(path)
        return _Verification("checksum", f"crc32:{crc.hex()}")
    if stored.opaque_etag or any(part.opaque_etag for part in parts):
        return _Verification("size")
    etag = composite([part.etag for part in parts])
    if stored.etag != etag:
        raise _mismatch(path)
    return _Verification("checksum", f"etag:{etag}")


def _mismatch(path: str) -> IntegrityError:
    return IntegrityError(
        f"The store's checksum of {quoted(path)} differs from the uploaded file's.",
        path=path,
        hint="Upload it again.",
    )


def _base64(crc: bytes) -> str:
    return base64.b64encode(crc).decode()


def _journals(scheduler: Scheduler) -> UploadJournals:
    return UploadJournals(scheduler.store.location, scheduler.store.address.url)
