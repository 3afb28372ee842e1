"""Sending one file: in one piece, or in parts that are given up when anything fails.

Each request carries the CRC32 of its bytes, which the store compares with what arrived. What it computed itself
comes back with its answer; a store that keeps no such checksums is held to the MD5 in its ETags instead.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import mimetypes
import os
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from provena_sdk.display.text import quoted
from provena_sdk.errors import FileAccessDenied, FileStoreError, IntegrityError
from provena_sdk.s3.checksums import Hasher, composite, crc32_combine, md5, new_hasher
from provena_sdk.s3.limits import MAX_PARTS, PART_BYTES
from provena_sdk.s3.models import Stored, StoredPart, Streamed
from provena_sdk.transfer.items import Upload
from provena_sdk.transfer.local.source_file import SourceFile
from provena_sdk.transfer.report import FileOutcome, Verified
from provena_sdk.transfer.resume.upload_journal import Begun, UploadJournal, UploadJournals
from provena_sdk.transfer.scheduler import Scheduler

MULTIPART_BYTES: Final = 16 * 1024 * 1024
"""The size from which a file is sent in parts."""

STREAMED_BYTES: Final = 16 * 1024 * 1024
"""Parts that are larger are never in memory as a whole; files of more than 160 GB have them."""

_CHUNK_BYTES: Final = 4 * 1024 * 1024
_ATTEMPTS: Final = 3
_GIVE_UP_SECONDS: Final = 10.0
_SETTLING_SECONDS: Final = 0.05
# Requests signed by a clock that is further off are refused, so that the store's clock is no further away.
_CLOCK: Final = timedelta(minutes=15)
_UNPROVEN: Final = "only its size could be verified; the store keeps no checksum that proves more"


@dataclass(frozen=True, slots=True)
class _Proof:
    verified: Verified
    checksum: str | None = None


def each_part(size: int, part_size: int) -> Iterator[tuple[int, int]]:
    """Yield offset and length of each part of a file.

    Example:
        >>> list(each_part(10, 4))
        [(0, 4), (4, 4), (8, 2)]
    """
    for offset in range(0, size, part_size):
        yield offset, min(part_size, size - offset)


def part_size(size: int) -> int:
    """Return the size of the parts in which a file is sent: 8 MiB, or more when that took over 10,000 parts.

    Args:
        size: The file's size in bytes.

    Example:
        >>> part_size(20 * 1024**2) == 8 * 1024**2, 5 * 1024**4 / part_size(5 * 1024**4) <= 10_000
        (True, True)
    """
    return max(PART_BYTES, -(-size // MAX_PARTS))


async def upload_file(scheduler: Scheduler, item: Upload) -> FileOutcome:
    """Send one file, and compare what the store made of it with the bytes that were read.

    A large file goes in parts. If this process dies meanwhile, the next upload of the same file sends only what is
    missing; if it fails or is cancelled, the parts are given up, since they cost money and show in no listing.

    Args:
        scheduler: The transfer this is part of.
        item: What to send.

    Raises:
        IntegrityError: The file changed while it was read, or the store holds something else.
        Exception: Whatever else made it impossible.
    """
    started = time.monotonic()
    kind = mimetypes.guess_type(item.path)[0]
    size = item.size
    proof: _Proof | None = None
    while proof is None and size < MULTIPART_BYTES:
        async with scheduler.budget.hold(size):
            whole = await scheduler.in_thread(_read_whole, item.source, size, item.size)
            if whole.data is None:
                # It has grown since it was listed.
                size = whole.size
                continue
            size = len(whole.data)
            proof = await _send_whole(scheduler, item.path, whole.data, whole.crc, kind)
    if proof is None:
        source = await scheduler.in_thread(SourceFile, item.source)
        try:
            size = source.size
            proof = await _send_parts(scheduler, item, source, kind)
        finally:
            source.close()
    return FileOutcome(
        item.path,
        "uploaded",
        bytes=size,
        seconds=time.monotonic() - started,
        local=item.source,
        reason=_UNPROVEN if proof.verified == "size" else None,
        verified=proof.verified,
        checksum=proof.checksum,
    )


async def abort_forgotten(scheduler: Scheduler) -> None:
    """Give up the uploads to this dataset whose process died a week ago or more, and that nobody went on with.

    Nothing is raised: what cannot be given up now is left to the next transfer.

    Args:
        scheduler: A transfer that may write.
    """
    journals = _journals(scheduler)
    with _held(await scheduler.in_thread(lambda: list(journals.adopt_forgotten()))) as adopted:
        while adopted:
            await _give_up(scheduler, journals, adopted.pop())


@dataclass(frozen=True, slots=True)
class _Whole:
    size: int
    data: bytes | None
    crc: int = 0


def _read_whole(path: Path, expected: int, listed: int) -> _Whole:
    """Read a small file; when it is larger than expected, only find out how large."""
    with contextlib.closing(SourceFile(path)) as source:
        if source.size > expected:
            return _Whole(source.size, None)
        data = source.read(0, source.size)
        if len(data) != listed:
            # It may be in the middle of being written anew, and empty or short for only a moment.
            time.sleep(_SETTLING_SECONDS)
            source.check()
        return _Whole(source.size, data, zlib.crc32(data))


async def _send_whole(scheduler: Scheduler, path: str, data: bytes, crc: int, kind: str | None) -> _Proof:
    for _ in range(_ATTEMPTS):
        stored = await scheduler.objects.put(path, data, crc32=_base64(crc), content_type=kind)
        if stored.crc32 is not None:
            if stored.crc32 == _base64(crc):
                return _Proof("checksum", f"crc32:{crc:08x}")
        elif stored.opaque_etag:
            return _Proof("size")
        elif stored.etag == (digest := await scheduler.in_thread(md5, data)):
            return _Proof("checksum", f"md5:{digest}")
    raise _something_else(path)


async def _send_parts(scheduler: Scheduler, item: Upload, source: SourceFile, kind: str | None) -> _Proof:
    journals = _journals(scheduler)
    found = await _to_go_on_with(scheduler, journals, item.path, source)
    try:
        return await _PartsUpload(scheduler, journals, item, source, found).send(kind)
    except FileStoreError as error:
        if error.code != "NoSuchUpload":
            raise
    # Somebody else gave it up meanwhile, as a bucket's own rule may after some days.
    return await _PartsUpload(scheduler, journals, item, source, None).send(kind)


@dataclass(frozen=True, slots=True)
class _Found:
    """An upload that a dead process began, and what the store has of it."""

    journal: UploadJournal
    upload_id: str
    parts: dict[int, StoredPart]


async def _to_go_on_with(
    scheduler: Scheduler, journals: UploadJournals, path: str, source: SourceFile
) -> _Found | None:
    """Find an upload of this very file that a dead process left; give the other ones for its path up."""
    found: _Found | None = None
    wanted = source.size, source.modified_ns, part_size(source.size)
    with _held(await scheduler.in_thread(lambda: list(journals.adopt(path)))) as adopted:
        for journal in tuple(adopted):
            begun, parts = journal.begun, None
            fits = (begun.size, begun.modified_ns, begun.part_size) == wanted
            if found is None and fits and begun.upload_id is not None:
                # Storing parts may be allowed where listing them is not.
                with contextlib.suppress(FileAccessDenied):
                    parts = await scheduler.objects.list_parts(path, begun.upload_id)
                if parts is not None:
                    found = _Found(journal, begun.upload_id, {part.number: part for part in parts})
                    continue
            adopted.remove(journal)
            await _give_up(scheduler, journals, journal)
    return found


@contextlib.contextmanager
def _held(journals: list[UploadJournal]) -> Iterator[list[UploadJournal]]:
    """Leave the journals that are still in the list to whoever comes next, if the block fails or is cancelled."""
    try:
        yield journals
    except BaseException:
        for journal in journals:
            journal.release()
        raise


async def _give_up(scheduler: Scheduler, journals: UploadJournals, journal: UploadJournal) -> None:
    """Give an upload up and forget it, or leave it to whoever comes next if that fails."""
    path = journal.begun.path
    try:
        async with asyncio.timeout(_GIVE_UP_SECONDS):
            if journal.begun.upload_id is not None:
                await scheduler.objects.abort_upload(path, journal.begun.upload_id)
            else:
                await _give_up_unnamed(scheduler, journals, journal)
    except BaseException as error:
        journal.release()
        if not isinstance(error, Exception):
            raise
    else:
        journal.remove()


async def _give_up_unnamed(scheduler: Scheduler, journals: UploadJournals, journal: UploadJournal) -> None:
    """Give up what a process began that died before it heard the upload's name."""
    path, begun = journal.begun.path, journal.begun.begun
    known = await scheduler.in_thread(journals.upload_ids, path)
    for listed in await scheduler.objects.list_uploads(path):
        near = abs(listed.initiated.timestamp() - begun) <= _CLOCK.total_seconds()
        if listed.path == path and near and listed.upload_id not in known:
            await scheduler.objects.abort_upload(path, listed.upload_id)


class _PartsUpload:
    """One file on its way in parts.

    Args:
        scheduler: The transfer this is part of.
        journals: Where uploads to the dataset are remembered.
        item: What to send.
        source: The file, open.
        found: The upload to go on with; None to begin one.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        journals: UploadJournals,
        item: Upload,
        source: SourceFile,
        found: _Found | None,
    ) -> None:
        self._scheduler = scheduler
        self._journals = journals
        self._path = item.path
        self._source = source
        self._part_size = part_size(source.size)
        self._there = found.parts if found else {}
        self._upload_id = found.upload_id if found else ""
        self._journal = found.journal if found else journals.new(self._beginning(item))
        self._parts: dict[int, StoredPart] = {}
        self._crcs: dict[int, int] = {}
        self._done = 0
        self._under_way: dict[int, int] = {}

    def _beginning(self, item: Upload) -> Begun:
        return Begun(
            item.path,
            None,
            os.path.abspath(item.source),
            self._source.size,
            self._source.modified_ns,
            self._part_size,
            time.time(),
        )

    async def send(self, kind: str | None) -> _Proof:
        """Send what is missing, and have the store put the parts together."""
        beginning: asyncio.Future[None] | None = None
        try:
            if not self._upload_id:
                beginning = asyncio.ensure_future(self._begin(kind))
                await asyncio.shield(beginning)
            await self._scheduler.parts(each_part(self._source.size, self._part_size), self._send)
            proof = await self._complete()
        except BaseException as error:
            if isinstance(error, FileAccessDenied) and not self._upload_id:
                self._journal.remove()
                raise
            giving_up = asyncio.ensure_future(self._give_up(beginning))
            with contextlib.suppress(Exception):
                await asyncio.shield(giving_up)
            raise
        self._journal.remove()
        return proof

    async def _begin(self, kind: str | None) -> None:
        # Remembered before it is begun: a process may die before it hears the upload's name.
        await self._scheduler.in_thread(self._journal.write, upload_id=None)
        self._upload_id = await self._scheduler.objects.create_upload(self._path, content_type=kind)
        await self._scheduler.in_thread(self._journal.write, upload_id=self._upload_id)

    async def _give_up(self, beginning: asyncio.Future[None] | None) -> None:
        if beginning is not None and not beginning.done():
            # The store may be about to begin it, whether or not anybody still wants it.
            await asyncio.wait((beginning,), timeout=_GIVE_UP_SECONDS)
        await _give_up(self._scheduler, self._journals, self._journal)

    async def _send(self, span: tuple[int, int]) -> None:
        offset, length = span
        number = offset // self._part_size + 1
        streamed = length > STREAMED_BYTES
        async with self._scheduler.budget.hold(2 * _CHUNK_BYTES if streamed else length):
            body = (
                _Streamed(self._scheduler, self._source, span, lambda read: self._moved(number, read))
                if streamed
                else _Held(self._scheduler, self._source, span)
            )
            self._crcs[number] = crc = await body.prepare()
            part = self._there.pop(number, None)
            if part is not None and part.size == length and await _is_ours(part, crc, body):
                self._scheduler.progress.resumed(self._path, self._upto() + length)
            else:
                part = await self._sent(number, crc, body)
        self._parts[number] = part
        self._under_way.pop(number, None)
        self._done += length
        self._scheduler.progress.moved(self._path, self._upto())
        self._journal.touch()

    async def _sent(self, number: int, crc: int, body: _Held | _Streamed) -> StoredPart:
        for _ in range(_ATTEMPTS):
            try:
                part = await self._scheduler.objects.upload_part(
                    self._path, self._upload_id, number, body.data, crc32=_base64(crc)
                )
            except Exception as error:
                failure = body.failure or error
            else:
                if await _matches(part, crc, body):
                    return part
                continue
            # Raised here and not above, so that the connection's error does not travel along as its context.
            raise failure
        raise _something_else(self._path)

    def _moved(self, number: int, read: int) -> None:
        """Note how much of a part is on its way."""
        self._under_way[number] = read
        self._scheduler.progress.moved(self._path, self._upto())
        self._journal.touch()

    def _upto(self) -> int:
        return self._done + sum(self._under_way.values())

    async def _complete(self) -> _Proof:
        numbers = sorted(self._parts)
        parts = [self._parts[number] for number in numbers]
        crcs = [self._crcs[number] for number in numbers]
        crc = await self._scheduler.in_thread(self._checked_crc, crcs)
        stored = await self._scheduler.objects.complete_upload(
            self._path, self._upload_id, parts, crc32=_base64(crc), size=self._source.size
        )
        return _proven(self._path, stored, crc, crcs, parts)

    def _checked_crc(self, crcs: Sequence[int]) -> int:
        """Return the whole file's CRC32, unless the file has changed."""
        self._source.check()
        whole = 0
        for (_, length), crc in zip(each_part(self._source.size, self._part_size), crcs, strict=True):
            whole = crc32_combine(whole, crc, length)
        return whole


class _Held:
    """The bytes of one part, in memory.

    Args:
        scheduler: The transfer this is part of.
        source: The file.
        span: Where the part begins, and its bytes.
    """

    failure: Exception | None = None

    def __init__(self, scheduler: Scheduler, source: SourceFile, span: tuple[int, int]) -> None:
        self._scheduler = scheduler
        self._source = source
        self._span = span
        self.data = b""

    async def prepare(self) -> int:
        """Read the part and return its CRC32."""
        self.data, crc = await self._scheduler.in_thread(_read, self._source, *self._span)
        return crc

    async def md5(self) -> str:
        """Return the part's MD5."""
        return await self._scheduler.in_thread(md5, self.data)


class _Streamed:
    """The bytes of one part, read anew whenever they are wanted.

    Args:
        scheduler: The transfer this is part of.
        source: The file.
        span: Where the part begins, and its bytes.
        moved: Called with the number of bytes handed out so far.
    """

    def __init__(
        self, scheduler: Scheduler, source: SourceFile, span: tuple[int, int], moved: Callable[[int], None]
    ) -> None:
        self._scheduler = scheduler
        self._source = source
        self._span = span
        self._report = moved
        self.data = Streamed(span[1], self._chunks)
        self.failure: Exception | None = None

    async def prepare(self) -> int:
        """Read the part and return its CRC32."""
        return int.from_bytes(await self._digest("crc32"), "big")

    async def md5(self) -> str:
        """Return the part's MD5."""
        return (await self._digest("md5")).hex()

    async def _digest(self, algorithm: str) -> bytes:
        hasher = new_hasher(algorithm)
        if hasher is None:
            raise AssertionError(f"Python has {algorithm}.")
        for offset, length in self._pieces():
            # One chunk at a time, so that a file of terabytes keeps no thread from the others for long.
            await self._scheduler.in_thread(_update, hasher, self._source, offset, length)
        return hasher.digest()

    def _chunks(self) -> AsyncIterator[bytes]:
        if self.failure is not None:
            raise self.failure
        return self._read()

    async def _read(self) -> AsyncIterator[bytes]:
        read = 0
        for offset, length in self._pieces():
            try:
                data = await self._scheduler.in_thread(self._source.read, offset, length)
            except Exception as error:
                # Whoever sends this makes a broken connection of it.
                self.failure = error
                raise
            yield data
            read += length
            self._report(read)

    def _pieces(self) -> Iterator[tuple[int, int]]:
        begin, size = self._span
        return ((begin + offset, length) for offset, length in each_part(size, _CHUNK_BYTES))


def _read(source: SourceFile, offset: int, length: int) -> tuple[bytes, int]:
    data = source.read(offset, length)
    return data, zlib.crc32(data)


def _update(hasher: Hasher, source: SourceFile, offset: int, length: int) -> None:
    hasher.update(source.read(offset, length))


async def _matches(part: StoredPart, crc: int, body: _Held | _Streamed) -> bool:
    """Whether nothing speaks against a part of the store's having these bytes."""
    if part.crc32 is not None:
        return part.crc32 == _base64(crc)
    return part.opaque_etag or part.etag == await body.md5()


async def _is_ours(part: StoredPart, crc: int, body: _Held | _Streamed) -> bool:
    """Whether a part that the store has must be these bytes, whoever sent it: others may write to the dataset too."""
    if part.opaque_etag or part.crc32 not in (None, _base64(crc)):
        return False
    return part.etag == await body.md5()


def _proven(path: str, stored: Stored, crc: int, crcs: Sequence[int], parts: Sequence[StoredPart]) -> _Proof:
    """Say how far the store's answer proves that it holds the whole file, each part of which was compared already.

    Raises:
        IntegrityError: It holds something else.
    """
    if stored.crc32 is not None:
        # Stores that do not know checksums of whole objects give that of the parts' checksums.
        of_parts = zlib.crc32(b"".join(part.to_bytes(4, "big") for part in crcs))
        if stored.crc32 not in (_base64(crc), f"{_base64(of_parts)}-{len(crcs)}"):
            raise _something_else(path)
        return _Proof("checksum", f"crc32:{crc:08x}")
    if stored.opaque_etag or any(part.opaque_etag for part in parts):
        return _Proof("size")
    etag = composite([part.etag for part in parts])
    if stored.etag != etag:
        raise _something_else(path)
    return _Proof("checksum", f"etag:{etag}")


def _something_else(path: str) -> IntegrityError:
    return IntegrityError(
        f"The store holds something else than {quoted(path)} after its upload.",
        path=path,
        hint="Upload it again.",
    )


def _base64(crc: int) -> str:
    return base64.b64encode(crc.to_bytes(4, "big")).decode()


def _journals(scheduler: Scheduler) -> UploadJournals:
    return UploadJournals(scheduler.store.location, scheduler.store.address.url)
