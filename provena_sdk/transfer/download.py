"""Download one file: write it to a part file, verify it, and rename it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self, TypeVar

from provena_sdk.display.text import quoted
from provena_sdk.errors import DatasetFileNotFound, FileError, IntegrityError
from provena_sdk.s3.checksums import parse_etag
from provena_sdk.s3.limits import PART_BYTES
from provena_sdk.s3.models import FileInfo, ObjectState, Received
from provena_sdk.transfer.local.destination import Destination
from provena_sdk.transfer.progress.meter import Meter
from provena_sdk.transfer.report import FileOutcome
from provena_sdk.transfer.resume.download_journal import Heading
from provena_sdk.transfer.resume.part_file import write_whole
from provena_sdk.transfer.resume.partial_download import PartialDownload, begin_or_resume, remove_interrupted
from provena_sdk.transfer.resume.ranges import Layout, Segment
from provena_sdk.transfer.resume.segment_digest import SegmentDigest
from provena_sdk.transfer.resume.segment_writer import SegmentWriter
from provena_sdk.transfer.scheduler import Scheduler, pause
from provena_sdk.transfer.spec.items import Download
from provena_sdk.transfer.verify.checksum import (
    PARTS_UNKNOWN,
    Checksum,
    RunningChecksum,
    checksums_of,
    file_matches,
    segment_algorithm,
    why_no_checksum,
    with_even_parts,
)

S = TypeVar("S")
T = TypeVar("T")

_ATTEMPTS: Final = 3
_OPENING_SECONDS: Final = 5.0
# Files up to 8 MiB are received in memory, which costs nothing on a fast line. Larger ones than this are kept when they
# arrive slowly.
_KEPT_BYTES: Final = 1024 * 1024
_SLOW_SECONDS: Final = 1.0
# Verifying and writing a larger file takes longer than handing it to a thread.
_BRIEF_BYTES: Final = 64 * 1024


class _Chosen(NamedTuple):
    """The checksum to verify a file against, or the reason if there is none."""

    checksum: Checksum | None
    reason: str | None = None


class _Done(NamedTuple):
    """A complete file: its path on this machine, how it was verified, and the bytes that were resumed."""

    local: str
    chosen: _Chosen
    resumed: int = 0


async def download_file(scheduler: Scheduler, item: Download, destination: Path) -> FileOutcome:
    """Download one file. If it is replaced or damaged during the download, try again.

    If a file of more than 1 MiB cannot be completed, because the connection is lost, access is denied, the caller
    cancels or the process dies, what arrived stays beside the target, in a part file with a journal. The next download
    of the same object by the same user resumes from them. They are removed a week after the last write.

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
            in_ranges = info.size > PART_BYTES or (
                info.size > _KEPT_BYTES and await scheduler.in_thread(_was_interrupted, folder, item.target)
            )
            download = _download_ranges if in_ranges else _download_whole
            done = await download(scheduler, info, item.target, folder)
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
        local=Path(done.local),
        reason=done.chosen.reason,
        verified="size" if done.chosen.checksum is None else "checksum",
        checksum=None if done.chosen.checksum is None else done.chosen.checksum.label,
        resumed=done.resumed,
    )


def _was_interrupted(destination: Destination, target: str) -> bool:
    """Return whether an earlier download may have left some of a file."""
    with destination.target(target) as place:
        return bool(place.leftovers)


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
) -> _Done:
    async with scheduler.budget.hold(info.size):
        if info.size <= _KEPT_BYTES:
            received = await scheduler.objects.get(
                info.path,
                if_match=info.etag,
                size=info.size,
                received=functools.partial(scheduler.progress.moved, info.path),
            )
            return await _verify_and_write(scheduler, info, target, destination, received)
        async with _InMemory(scheduler, info, target, destination) as arriving:
            return await _verify_and_write(scheduler, info, target, destination, await arriving.get())


async def _verify_and_write(
    scheduler: Scheduler, info: FileInfo, target: str, destination: Destination, received: Received
) -> _Done:
    data, state = received
    if len(data) != info.size:
        raise _damaged(info)
    chosen = await _choose_checksum(scheduler, info, state)
    write = _WriteWhole(scheduler, info, target, destination)
    brief = info.size <= _BRIEF_BYTES and not scheduler.options.fsync
    local = await (scheduler.briefly if brief else scheduler.in_thread)(write, data, chosen.checksum)
    if local is None and chosen.checksum is not None:
        chosen = chosen._replace(checksum=await _with_true_parts(scheduler, info, chosen.checksum))
        local = await scheduler.in_thread(write, data, chosen.checksum)
    if local is None:
        raise _damaged(info)
    return _Done(local, chosen)


class _InMemory:
    """A file of more than 1 MiB that is received into memory. An async context manager.

    If it is still arriving after a second, what arrived and what follows is written to a part file as well, and kept
    there if the block fails or is cancelled.

    Args:
        scheduler: The scheduler of the transfer.
        info: The file.
        target: The target's path.
        destination: The destination folder.
    """

    def __init__(self, scheduler: Scheduler, info: FileInfo, target: str, destination: Destination) -> None:
        self._scheduler = scheduler
        self._info = info
        self._target = target
        self._destination = destination
        # As large as the file from the start: memory that grows is moved, and the freed blocks between add up.
        self._data = bytearray(info.size)
        self._filled = 0
        self._lock = threading.Lock()
        self._writer: SegmentWriter | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._opening: asyncio.Task[None] | None = None
        self._partial: PartialDownload | None = None

    async def __aenter__(self) -> Self:
        self._timer = asyncio.get_running_loop().call_later(_SLOW_SECONDS, self._begin_to_keep)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._end_keeping(error)
        finally:
            # The request, which refers to this object, is part of a cycle that is collected late.
            self._data = bytearray()

    async def _end_keeping(self, error: BaseException | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._opening is None:
            return
        self._opening.cancel()
        # If the file could not be kept, it was received without.
        await asyncio.gather(self._opening, return_exceptions=True)
        with self._lock:
            writer, self._writer = self._writer, None
        if self._partial is None:
            return
        if error is None:
            self._partial.discard()
            return
        if writer is not None:
            with contextlib.suppress(OSError):
                writer.close()
        _end(self._partial, error)

    async def get(self) -> Received:
        """Receive the file."""
        info, scheduler = self._info, self._scheduler
        _, state = await scheduler.objects.get(
            info.path, if_match=info.etag, size=info.size, into=self, io_loops=scheduler.io_loops
        )
        if self._timer is not None:
            self._timer.cancel()
        del self._data[self._filled :]
        return Received(self._data, state)

    def take(self, data: memoryview, /) -> None:
        """Keep and count the bytes that arrived."""
        with self._lock:
            end = self._filled + data.nbytes
            self._data[self._filled : end] = data
            self._filled = end
            if self._writer is not None:
                self._writer.take(data)
        self._scheduler.progress.moved(self._info.path, end)

    def _begin_to_keep(self) -> None:
        self._opening = asyncio.ensure_future(self._keep())

    async def _keep(self) -> None:
        opened = await _open(self._scheduler, self._info, self._target, self._destination)
        self._partial = opened.partial
        writer = SegmentWriter(opened.partial, 0, opened.partial.add)
        await self._scheduler.in_thread(self._write_from_now_on, writer)

    def _write_from_now_on(self, writer: SegmentWriter) -> None:
        with self._lock:
            writer.take(memoryview(bytes(self._data[: self._filled])))
            self._writer = writer


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


class _Opened(NamedTuple):
    """A download in ranges: the checksum to verify it against, its parts, and its part file with the journal."""

    chosen: _Chosen
    layout: Layout
    partial: PartialDownload


async def _download_ranges(
    scheduler: Scheduler, info: FileInfo, target: str, destination: Destination
) -> _Done:
    chosen, layout, partial = await _open(scheduler, info, target, destination)
    try:
        running = RunningChecksum(chosen.checksum, layout, partial.part.blocks)
        ranges = _RangesDownload(scheduler, info, layout, partial, running)
        await ranges.fetch()
        if chosen.checksum is not None and not await scheduler.in_thread(running.matches):
            other = await _with_true_parts(scheduler, info, chosen.checksum)
            if not await scheduler.in_thread(file_matches, other, partial.part.blocks):
                raise _damaged(info)
            chosen = _Chosen(other)
        modified = info.modified if scheduler.options.keep_times else None
        await scheduler.in_thread(partial.complete, modified=modified, fsync=scheduler.options.fsync)
    except BaseException as error:
        _end(partial, error)
        raise
    return _Done(partial.part.target.path, chosen, ranges.resumed)


def _end(partial: PartialDownload, error: BaseException) -> None:
    """Keep what arrived for the next download, unless an error shows that it is useless."""
    if isinstance(error, IntegrityError | DatasetFileNotFound):
        partial.discard()
    else:
        partial.keep()


async def _open(scheduler: Scheduler, info: FileInfo, target: str, destination: Destination) -> _Opened:
    """Choose the checksum of a file, and open its part file, which may contain segments of an earlier download."""
    chosen = _Chosen(None)
    if scheduler.options.verify == "checksum":
        chosen = await _choose_checksum_ahead(scheduler, info)
    checksum = chosen.checksum
    layout = Layout((checksum and checksum.parts) or (info.size,))

    def opened() -> PartialDownload:
        place = destination.target(target)
        try:
            seal = destination.seal
            sealed = seal.has_key and (checksum is None or not checksum.resists_forgery)
            digest = SegmentDigest(segment_algorithm(checksum), seal if sealed else None)
            location = scheduler.store.location
            heading = Heading(
                store=scheduler.store.address.url or "",
                bucket=location.bucket,
                key=location.key(info.path),
                target=place.name,
                etag=info.etag,
                size=info.size,
                part=layout.described(),
                width=digest.width,
                digest=digest.name,
            )
            return begin_or_resume(place, heading, digest, destination.seal)
        except BaseException:
            place.folder.done()
            raise

    opening = asyncio.ensure_future(scheduler.in_thread(opened))
    try:
        return _Opened(chosen, layout, await asyncio.shield(opening))
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
    """The download of one file's missing ranges."""

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
        self._damaged: list[Segment] = []
        self.resumed = 0
        """The bytes that an earlier download had stored."""

    async def fetch(self) -> None:
        """Download the missing ranges, and check the segments of an earlier download at the same time."""
        stored = self._partial.stored
        missing = (span for gap in stored.gaps(self._info.size) for span in self._layout.ranges(*gap))
        await self._scheduler.parts(_alternating(_batches(stored), missing), self._one)
        again = (span for segment in self._damaged for span in self._layout.ranges(*segment[:2]))
        await self._scheduler.parts(again, self._fetch)

    async def _one(self, turn: list[Segment] | tuple[int, int]) -> None:
        if isinstance(turn, tuple):
            await self._fetch(turn)
            return
        damaged = await self._scheduler.in_thread(self._check, turn)
        self._damaged += damaged
        there = sum(segment.length for segment in turn) - sum(segment.length for segment in damaged)
        self.resumed += there
        self._counted.resume(there)

    async def _fetch(self, span: tuple[int, int]) -> None:
        offset, length = span
        stream = self._running.claim(offset)
        writer = SegmentWriter(self._partial, offset, self._record, stream=stream, count=self._counted.add)
        try:
            await self._scheduler.objects.get(
                self._info.path,
                span=span,
                if_match=self._info.etag,
                size=self._info.size,
                into=writer,
                io_loops=self._scheduler.io_loops,
            )
        except BaseException:
            # Nothing is taken any more. What arrived is worth keeping, but not more than the error.
            with contextlib.suppress(OSError):
                writer.close()
            raise
        writer.close()
        if writer.upto != offset + length:
            raise _damaged(self._info)
        if stream is not None:
            self._running.release(offset, writer.upto)
        if self._running.in_order:
            await self._scheduler.in_thread(self._running.catch_up, offset)

    def _record(self, segment: Segment) -> None:
        self._running.add(segment, self._partial.add(segment))

    def _check(self, segments: list[Segment]) -> list[Segment]:
        """Check segments in the part file against their digests in the journal, and return the damaged ones."""
        damaged = []
        for segment in segments:
            digest = self._partial.check(segment)
            if digest is None:
                damaged.append(segment)
            else:
                self._running.add(segment, digest)
                self._running.catch_up(segment.offset)
        return damaged


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


def _batches(segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    """Yield segments that are checked in one turn."""
    batch: list[Segment] = []
    size = 0
    for segment in segments:
        batch.append(segment)
        size += segment.length
        if size >= PART_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _alternating(stored: Iterable[S], missing: Iterable[T]) -> Iterator[S | T]:
    """Yield stored and missing bytes in turn, so that the disk and the line are both busy."""
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
