"""Download one file: write it to a part file, verify it, and rename it."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

from provena_sdk.display.text import quoted
from provena_sdk.errors import DatasetFileNotFound, FileError, IntegrityError
from provena_sdk.s3.checksums import Hasher, parse_etag
from provena_sdk.s3.limits import PART_BYTES
from provena_sdk.s3.models import FileInfo, ObjectState
from provena_sdk.transfer.items import Download
from provena_sdk.transfer.local.destination import Destination
from provena_sdk.transfer.progress.meter import Meter
from provena_sdk.transfer.report import FileOutcome
from provena_sdk.transfer.resume.download_journal import Heading
from provena_sdk.transfer.resume.part_file import PartFile, write_whole
from provena_sdk.transfer.resume.partial_download import PartialDownload, begin_or_resume, remove_interrupted
from provena_sdk.transfer.resume.range_digest import RangeDigest
from provena_sdk.transfer.resume.ranges import Layout, StoredRanges
from provena_sdk.transfer.scheduler import Scheduler, pause
from provena_sdk.transfer.verify.checksum import (
    PARTS_UNKNOWN,
    Checksum,
    RunningChecksum,
    checksums_of,
    file_matches,
    range_algorithm,
    why_no_checksum,
    with_even_parts,
)

_ATTEMPTS: Final = 3
_OPENING_SECONDS: Final = 5.0
# Smaller files count when they are whole.
_COUNTED_BYTES: Final = 64 * 1024


class _Chosen(NamedTuple):
    """The checksum to verify a file against, or the reason if there is none."""

    checksum: Checksum | None
    reason: str | None = None


async def download_file(scheduler: Scheduler, item: Download, destination: Path) -> FileOutcome:
    """Download one file. If it is replaced or damaged during the download, try again.

    If a file of more than 8 MiB cannot be completed, because the connection is lost, access is denied or the caller
    cancels, its part file and journal stay beside the target. The next download of the same object by the same user
    resumes from them. They are removed a week after the last write.

    Args:
        scheduler: The scheduler of the transfer.
        item: The file.
        destination: The destination folder.

    Returns:
        The outcome of the file.

    Raises:
        IntegrityError: The file was replaced or damaged in every attempt.
        Exception: Any other failure. The target is left unchanged.
    """
    started = time.monotonic()
    info, folder = item.info, scheduler.destination(destination)
    attempt = 1
    while True:
        try:
            download = _download_large if info.size > PART_BYTES else _download_whole
            local, chosen = await download(scheduler, info, item.target, folder)
            break
        except IntegrityError:
            latest = await _latest(scheduler, info) if attempt < _ATTEMPTS else None
            if latest is None:
                raise
            info = latest
        await pause(attempt)
        attempt += 1
    return FileOutcome(
        info.path,
        "downloaded",
        bytes=info.size,
        seconds=time.monotonic() - started,
        local=Path(local),
        reason=chosen.reason,
        verified="size" if chosen.checksum is None else "checksum",
        checksum=None if chosen.checksum is None else chosen.checksum.label,
    )


async def _latest(scheduler: Scheduler, info: FileInfo) -> FileInfo | None:
    """Return the current state of a file, or None if it was deleted."""
    try:
        state = await scheduler.objects.head(info.path)
    except DatasetFileNotFound:
        return None
    # Without an ETag, assume the listed object. If it was replaced, the download fails.
    return FileInfo(info.path, state.size, state.etag or info.etag, state.modified or info.modified)


async def _download_whole(
    scheduler: Scheduler, info: FileInfo, target: str, destination: Destination
) -> tuple[str, _Chosen]:
    async with scheduler.budget.hold(info.size):
        if info.size > _COUNTED_BYTES:
            whole = _Whole(info, scheduler.progress)
            _, state = await scheduler.objects.get(info.path, if_match=info.etag, size=info.size, into=whole)
            data = whole.data
        else:
            data, state = await scheduler.objects.get(info.path, if_match=info.etag, size=info.size)
        if len(data) != info.size:
            raise _damaged(info)
        chosen = await _choose_checksum(scheduler, info, state)
        write = _WriteWhole(scheduler, info, target, destination)
        local = await scheduler.in_thread(write, data, chosen.checksum)
        if local is None and chosen.checksum is not None:
            chosen = chosen._replace(checksum=await _with_true_parts(scheduler, info, chosen.checksum))
            local = await scheduler.in_thread(write, data, chosen.checksum)
    if local is None:
        raise _damaged(info)
    return local, chosen


class _Whole:
    """A file held in memory, counted as it arrives."""

    def __init__(self, info: FileInfo, progress: Meter) -> None:
        self.data = bytearray()
        self._path = info.path
        self._progress = progress

    def take(self, data: memoryview) -> None:
        """Add the bytes that arrived."""
        self.data += data
        self._progress.moved(self._path, len(self.data))


@dataclass(frozen=True, slots=True)
class _WriteWhole:
    """A function that verifies and writes a file held in memory, to run on a thread."""

    scheduler: Scheduler
    info: FileInfo
    target: str
    destination: Destination

    def __call__(self, data: bytearray, checksum: Checksum | None) -> str | None:
        """Write the file and return its path, or return None if the bytes do not match the checksum."""
        view = memoryview(data)

        def read(offset: int, length: int) -> tuple[memoryview]:
            return (view if length < 0 else view[offset : offset + length],)

        if checksum is not None and not file_matches(checksum, read):
            return None
        options = self.scheduler.options
        modified = self.info.modified if options.keep_times else None
        with self.destination.target(self.target) as target:
            write_whole(target, data, self.destination.seal, modified=modified, fsync=options.fsync)
            remove_interrupted(target)
        return target.path


async def _download_large(
    scheduler: Scheduler, info: FileInfo, target: str, destination: Destination
) -> tuple[str, _Chosen]:
    chosen = _Chosen(None)
    if scheduler.options.verify == "checksum":
        chosen = await _choose_checksum_ahead(scheduler, info)
    layout = Layout((chosen.checksum and chosen.checksum.parts) or (info.size,))
    partial = await _open_partial(scheduler, info, target, destination, chosen.checksum, layout)
    try:
        running = RunningChecksum(chosen.checksum, layout, partial.part.blocks)
        await _RangesDownload(scheduler, info, layout, partial, running).fetch()
        if chosen.checksum is not None and not await scheduler.in_thread(running.matches):
            other = await _with_true_parts(scheduler, info, chosen.checksum)
            if not await scheduler.in_thread(file_matches, other, partial.part.blocks):
                raise _damaged(info)
            chosen = _Chosen(other)
        modified = info.modified if scheduler.options.keep_times else None
        await scheduler.in_thread(partial.complete, modified=modified, fsync=scheduler.options.fsync)
    except BaseException as error:
        if isinstance(error, IntegrityError | DatasetFileNotFound):
            partial.discard()
        else:
            partial.keep()
        raise
    return partial.part.target.path, chosen


async def _open_partial(
    scheduler: Scheduler,
    info: FileInfo,
    target: str,
    destination: Destination,
    checksum: Checksum | None,
    layout: Layout,
) -> PartialDownload:
    def opened() -> PartialDownload:
        place = destination.target(target)
        try:
            seal = destination.seal
            sealed = seal.has_key and (checksum is None or not checksum.resists_forgery)
            digest = RangeDigest(range_algorithm(checksum, layout), seal if sealed else None)
            location = scheduler.store.location
            heading = Heading(
                store=scheduler.store.address.url or "",
                bucket=location.bucket,
                key=location.key(info.path),
                target=place.name,
                etag=info.etag,
                size=info.size,
                range_bytes=layout.range_bytes,
                part=layout.described(),
                ranges=len(layout),
                width=digest.width,
                digest=digest.name,
            )
            return begin_or_resume(place, heading, digest, destination.seal)
        except BaseException:
            place.folder.done()
            raise

    opening = asyncio.ensure_future(scheduler.in_thread(opened))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        # The thread cannot be stopped, so what it opens must be closed here, and kept only if it can be resumed.
        try:
            await asyncio.wait((opening,), timeout=_OPENING_SECONDS)
        finally:
            if opening.done():
                _keep_when_opened(opening)
            else:
                opening.add_done_callback(_keep_when_opened)
        raise


def _keep_when_opened(opening: asyncio.Future[PartialDownload]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().keep()


class _RangesDownload:
    """The download of one large file's ranges."""

    def __init__(
        self,
        scheduler: Scheduler,
        info: FileInfo,
        layout: Layout,
        partial: PartialDownload,
        running: RunningChecksum,
    ) -> None:
        self._scheduler = scheduler
        self._info = info
        self._layout = layout
        self._partial = partial
        self._running = running
        self._counted = _Counted(scheduler.progress, info.path)
        self._damaged_ranges: list[int] = []

    async def fetch(self) -> None:
        """Download the missing ranges, and check the ranges of an earlier download at the same time."""
        await self._scheduler.parts(_alternating(self._partial.ranges), self._one)
        await self._scheduler.parts(self._damaged_ranges, self._fetch)

    async def _one(self, turn: tuple[int, bool]) -> None:
        index, stored = turn
        if not stored:
            await self._fetch(index)
        elif await self._scheduler.in_thread(self._check, index):
            self._counted.resume(self._layout.span(index)[1])
        else:
            self._damaged_ranges.append(index)

    async def _fetch(self, index: int) -> None:
        span = self._layout.span(index)
        writer = _RangeWriter(self._partial.part, span[0], self._partial.hasher(index), self._counted.add)
        await self._scheduler.objects.get(
            self._info.path,
            span=span,
            if_match=self._info.etag,
            size=self._info.size,
            into=writer,
            io_loops=self._scheduler.io_loops,
        )
        if writer.length != span[1]:
            raise _damaged(self._info)
        await self._scheduler.in_thread(self._note, index, writer.digest)

    def _note(self, index: int, digest: bytes) -> None:
        self._running.add(index, self._partial.add(index, digest))

    def _check(self, index: int) -> bool:
        """Return whether a range in the part file matches its digest in the journal."""
        digest = self._partial.check(index, self._layout.span(index))
        if digest is None:
            return False
        self._running.add(index, digest)
        return True


class _Counted:
    """The bytes of one file that arrived or were there already. Thread-safe."""

    def __init__(self, progress: Meter, path: str) -> None:
        self._progress = progress
        self._path = path
        self._lock = threading.Lock()
        self._bytes = 0

    def add(self, count: int) -> None:
        """Count bytes that arrived."""
        with self._lock:
            self._bytes += count
        self._progress.moved(self._path, self._bytes)

    def resume(self, count: int) -> None:
        """Count bytes that an earlier download stored."""
        with self._lock:
            self._bytes += count
        self._progress.resumed(self._path, self._bytes)


class _RangeWriter:
    """A writer that hashes and stores a range while it arrives."""

    __slots__ = ("_count", "_hasher", "_offset", "_part", "_start")

    def __init__(
        self, part: PartFile, start: int, hasher: Hasher | None, count: Callable[[int], None]
    ) -> None:
        self._part = part
        self._start = self._offset = start
        self._hasher = hasher
        self._count = count

    @property
    def digest(self) -> bytes:
        """The digest of the bytes so far; empty if ranges are not hashed."""
        return b"" if self._hasher is None else self._hasher.digest()

    @property
    def length(self) -> int:
        """The number of bytes so far."""
        return self._offset - self._start

    def take(self, data: memoryview) -> None:
        """Hash, write and count the bytes that arrived."""
        if self._hasher is not None:
            self._hasher.update(data)
        if not self._part.write(self._offset, data):
            raise ValueError("The part file was closed.")
        self._offset += len(data)
        self._count(len(data))


def _alternating(ranges: StoredRanges) -> Iterator[tuple[int, bool]]:
    """Yield each range and whether it was stored at the start, alternating stored and missing ranges."""
    flags = ranges.flags()
    stored = ((index, True) for index, flag in enumerate(flags) if flag)
    missing = ((index, False) for index, flag in enumerate(flags) if not flag)
    for pair in itertools.zip_longest(stored, missing):
        yield from (turn for turn in pair if turn is not None)


async def _choose_checksum_ahead(scheduler: Scheduler, info: FileInfo) -> _Chosen:
    """Choose the checksum of a file before its download."""
    etag = parse_etag(info.etag)
    head = scheduler.objects.head(info.path, if_match=info.etag)
    if etag is None or etag.parts in (None, 1):
        return await _choose_checksum(scheduler, info, await head)
    # Send both requests at once, because a slow connection delays each of them.
    state, first = await asyncio.gather(head, _part_size(scheduler, info, 1))
    return await _choose_checksum(scheduler, info, state, first=first, asked=True)


async def _choose_checksum(
    scheduler: Scheduler, info: FileInfo, state: ObjectState, *, first: int | None = None, asked: bool = False
) -> _Chosen:
    """Choose the checksum to verify a file against.

    Args:
        scheduler: The scheduler of the transfer.
        info: The file.
        state: The object's state as reported by the store.
        first: The size of the first part in bytes, if it was requested and the store reports it.
        asked: Whether the size of the first part was requested.

    Raises:
        IntegrityError: The file was replaced since it was listed.
    """
    if scheduler.options.verify == "size":
        return _Chosen(None)
    reason = None
    for checksum in checksums_of(state):
        if checksum.count is None:
            return _Chosen(checksum)
        if checksum.count > 1 and not asked:
            first, asked = await _part_size(scheduler, info, 1), True
        even = with_even_parts(checksum, info.size, first)
        if even is not None:
            return _Chosen(even)
        sizes = None if first is None else await _part_sizes(scheduler, info, checksum.count)
        if sizes is not None:
            return _Chosen(replace(checksum, parts=sizes))
        reason = PARTS_UNKNOWN
    return _Chosen(None, f"only its size could be verified; {reason or why_no_checksum(state)}")


async def _with_true_parts(scheduler: Scheduler, info: FileInfo, checksum: Checksum) -> Checksum:
    """Request the sizes of the parts, after the file did not match the checksum with assumed sizes.

    Raises:
        IntegrityError: The file is damaged, because the assumed sizes were right or no others are known.
    """
    if checksum.count is None or checksum.count == 1:
        raise _damaged(info)
    sizes = await _part_sizes(scheduler, info, checksum.count)
    if sizes is None or sizes == checksum.parts:
        raise _damaged(info)
    return replace(checksum, parts=sizes)


async def _part_sizes(scheduler: Scheduler, info: FileInfo, count: int) -> tuple[int, ...] | None:
    """Request the size of every part. Return None if the store does not report them, or if they do not add up."""
    sizes: dict[int, int | None] = {}

    async def ask(number: int) -> None:
        sizes[number] = await _part_size(scheduler, info, number)

    await scheduler.parts(range(1, count + 1), ask)
    known = tuple(size for number in range(1, count + 1) if (size := sizes[number]))
    return known if len(known) == count and sum(known) == info.size else None


async def _part_size(scheduler: Scheduler, info: FileInfo, number: int) -> int | None:
    """Request the size of one part of an object. Return None if the store does not report it."""
    try:
        state = await scheduler.objects.head(info.path, part=number, if_match=info.etag)
    except IntegrityError:
        raise
    except FileError:
        return None
    return state.size if state.parts_count else None


def _damaged(info: FileInfo) -> IntegrityError:
    return IntegrityError(
        f"{quoted(info.path)} arrived damaged: its size or checksum differs from the store's.",
        path=info.path,
        hint="Try again.",
    )
