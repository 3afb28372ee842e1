"""Fetching one file: into a part file, verified, and only then under its own name."""

from __future__ import annotations

import asyncio
import functools
import itertools
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
from provena_sdk.transfer.report import FileOutcome
from provena_sdk.transfer.resume.download_journal import Heading
from provena_sdk.transfer.resume.part_file import PartFile, write_whole
from provena_sdk.transfer.resume.partial_download import Partial, begin, clear_broken_off
from provena_sdk.transfer.resume.range_digest import RangeDigest
from provena_sdk.transfer.resume.ranges import Layout, Pieces
from provena_sdk.transfer.scheduler import Scheduler, pause
from provena_sdk.transfer.verify.checks import (
    NOT_A_CHECKSUM,
    PARTS_UNKNOWN,
    Proof,
    RunningProof,
    piece_digest,
    proofs,
    proves,
    with_even_parts,
)

_ATTEMPTS: Final = 3
_OPENING_SECONDS: Final = 5.0


class _Chosen(NamedTuple):
    """What a file is compared with, or why there is nothing to compare it with."""

    proof: Proof | None
    reason: str | None = None


async def download_file(scheduler: Scheduler, item: Download, destination: Path) -> FileOutcome:
    """Fetch one file. When it is replaced or damaged on the way, it is fetched again as it is then.

    A file of more than 8 MiB that cannot be fetched to its end, because the connection is lost, access is refused
    or the caller gives up, leaves its part file and a journal beside its target. The next download of the same
    object by the same user resumes from them; a week after they were last touched they are removed.

    Args:
        scheduler: The transfer this is part of.
        item: What to fetch.
        destination: The folder its target lies in.

    Raises:
        IntegrityError: It was replaced or damaged each time.
        Exception: Whatever else made it impossible; nothing has the target's name that had it not before.
    """
    started = time.monotonic()
    info, folder = item.info, scheduler.destination(destination)
    attempt = 1
    while True:
        try:
            fetch = _fetch_large if info.size > PART_BYTES else _fetch_whole
            local, chosen = await fetch(scheduler, info, item.target, folder)
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
        verified="size" if chosen.proof is None else "checksum",
        checksum=None if chosen.proof is None else chosen.proof.checksum,
    )


async def _latest(scheduler: Scheduler, info: FileInfo) -> FileInfo | None:
    """Return what a file is now, or None when it is gone."""
    try:
        state = await scheduler.objects.head(info.path)
    except DatasetFileNotFound:
        return None
    # What names no ETag is taken for what was listed, and has to be that.
    return FileInfo(info.path, state.size, state.etag or info.etag, state.modified or info.modified)


async def _fetch_whole(
    scheduler: Scheduler, info: FileInfo, target: str, destination: Destination
) -> tuple[str, _Chosen]:
    async with scheduler.budget.hold(info.size):
        data, state = await scheduler.objects.get(info.path, if_match=info.etag, size=info.size)
        if len(data) != info.size:
            raise _damaged(info)
        chosen = await _choose(scheduler, info, state)
        write = _WriteWhole(scheduler, info, target, destination)
        local = await scheduler.in_thread(write, data, chosen.proof)
        if local is None and chosen.proof is not None:
            chosen = chosen._replace(proof=await _with_other_parts(scheduler, info, chosen.proof))
            local = await scheduler.in_thread(write, data, chosen.proof)
    if local is None:
        raise _damaged(info)
    return local, chosen


@dataclass(frozen=True, slots=True)
class _WriteWhole:
    """Verifies and writes a file that is in memory, in one visit to a thread."""

    scheduler: Scheduler
    info: FileInfo
    target: str
    destination: Destination

    def __call__(self, data: bytearray, proof: Proof | None) -> str | None:
        """Return the target's path; None when the bytes are not what the proof is of."""
        view = memoryview(data)

        def read(offset: int, length: int) -> tuple[memoryview]:
            return (view if length < 0 else view[offset : offset + length],)

        if proof is not None and not proves(proof, read):
            return None
        options = self.scheduler.options
        modified = self.info.modified if options.keep_times else None
        with self.destination.target(self.target) as target:
            write_whole(target, data, self.destination.seal, modified=modified, fsync=options.fsync)
            clear_broken_off(target)
        return target.path


async def _fetch_large(
    scheduler: Scheduler, info: FileInfo, target: str, destination: Destination
) -> tuple[str, _Chosen]:
    chosen = _Chosen(None)
    if scheduler.options.verify == "checksum":
        chosen = await _chosen_ahead(scheduler, info)
    layout = Layout((chosen.proof and chosen.proof.parts) or (info.size,))
    partial = await _begun(scheduler, info, target, destination, chosen.proof, layout)
    try:
        running = RunningProof(chosen.proof, layout, partial.part.blocks)
        await _Pieces(scheduler, info, layout, partial, running).fetch()
        if chosen.proof is not None and not await scheduler.in_thread(running.succeeds):
            other = await _with_other_parts(scheduler, info, chosen.proof)
            if not await scheduler.in_thread(proves, other, partial.part.blocks):
                raise _damaged(info)
            chosen = _Chosen(other)
        modified = info.modified if scheduler.options.keep_times else None
        await scheduler.in_thread(partial.complete, modified=modified, fsync=scheduler.options.fsync)
    except BaseException as error:
        if isinstance(error, IntegrityError | DatasetFileNotFound):
            partial.discard()
        else:
            partial.leave()
        raise
    return partial.part.target.path, chosen


async def _begun(
    scheduler: Scheduler,
    info: FileInfo,
    target: str,
    destination: Destination,
    proof: Proof | None,
    layout: Layout,
) -> Partial:
    def opened() -> Partial:
        place = destination.target(target)
        try:
            seal = destination.seal
            sealed = seal.proves and (proof is None or not proof.resists_forgery)
            digest = RangeDigest(piece_digest(proof, layout), seal if sealed else None)
            location = scheduler.store.location
            heading = Heading(
                store=scheduler.store.address.url or "",
                bucket=location.bucket,
                key=location.key(info.path),
                target=place.name,
                etag=info.etag,
                size=info.size,
                piece=layout.piece,
                part=layout.described(),
                pieces=len(layout),
                width=digest.width,
                digest=digest.name,
            )
            return begin(place, heading, digest, destination.seal)
        except BaseException:
            place.folder.done()
            raise

    opening = asyncio.ensure_future(scheduler.in_thread(opened))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        # The thread cannot be stopped, and what it makes must neither stay open nor lie about.
        try:
            await asyncio.wait((opening,), timeout=_OPENING_SECONDS)
        finally:
            if opening.done():
                _let_go(opening)
            else:
                opening.add_done_callback(_let_go)
        raise


def _let_go(opening: asyncio.Future[Partial]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().leave()


class _Pieces:
    """Brings the pieces of one large file together."""

    def __init__(
        self, scheduler: Scheduler, info: FileInfo, layout: Layout, partial: Partial, running: RunningProof
    ) -> None:
        self._scheduler = scheduler
        self._info = info
        self._layout = layout
        self._partial = partial
        self._running = running
        self._bytes = 0
        self._worthless: list[int] = []

    async def fetch(self) -> None:
        """Fetch what is missing, and look at what an earlier download left, both at once."""
        await self._scheduler.parts(_by_turns(self._partial.pieces), self._one)
        await self._scheduler.parts(self._worthless, self._fetch)

    async def _one(self, turn: tuple[int, bool]) -> None:
        index, there = turn
        if not there:
            await self._fetch(index)
        elif await self._scheduler.in_thread(self._check, index):
            self._bytes += self._layout.span(index)[1]
            self._scheduler.progress.resumed(self._info.path, self._bytes)
        else:
            self._worthless.append(index)

    async def _fetch(self, index: int) -> None:
        span = self._layout.span(index)
        landing = _Landing(self._partial.part, span[0], functools.partial(self._partial.hasher, index))
        await self._scheduler.objects.get(
            self._info.path,
            span=span,
            if_match=self._info.etag,
            size=self._info.size,
            into=landing,
            lanes=self._scheduler.lanes,
        )
        if landing.length != span[1]:
            raise _damaged(self._info)
        await self._scheduler.in_thread(self._note, index, landing.digest)
        self._bytes += span[1]
        self._scheduler.progress.moved(self._info.path, self._bytes)

    def _note(self, index: int, digest: bytes) -> None:
        self._running.add(index, self._partial.add(index, digest))

    def _check(self, index: int) -> bool:
        """Whether the part file holds what the journal of an earlier download says it does."""
        digest = self._partial.holds(index, self._layout.span(index))
        if digest is None:
            return False
        self._running.add(index, digest)
        return True


class _Landing:
    """Where a piece arrives: it is hashed and written while it comes."""

    __slots__ = ("_hasher", "_new_hasher", "_offset", "_part", "_start")

    def __init__(self, part: PartFile, start: int, new_hasher: Callable[[], Hasher | None]) -> None:
        self._part = part
        self._start = self._offset = start
        self._new_hasher = new_hasher
        self._hasher: Hasher | None = None

    @property
    def digest(self) -> bytes:
        """The digest of what came; empty when nothing is hashed."""
        return b"" if self._hasher is None else self._hasher.digest()

    @property
    def length(self) -> int:
        """How many bytes came."""
        return self._offset - self._start

    def begin(self) -> None:
        """Begin at the first byte, anew when the last attempt failed."""
        self._offset = self._start
        self._hasher = self._new_hasher()

    def take(self, data: memoryview) -> None:
        """Hash and write what came."""
        if self._hasher is not None:
            self._hasher.update(data)
        if not self._part.write(self._offset, data):
            raise ValueError("The part file was closed.")
        self._offset += len(data)


def _by_turns(pieces: Pieces) -> Iterator[tuple[int, bool]]:
    """Yield each piece and whether it was there in the beginning: one that was, one that was not, and so on."""
    flags = pieces.flags()
    there = ((index, True) for index, flag in enumerate(flags) if flag)
    missing = ((index, False) for index, flag in enumerate(flags) if not flag)
    for pair in itertools.zip_longest(there, missing):
        yield from (turn for turn in pair if turn is not None)


async def _chosen_ahead(scheduler: Scheduler, info: FileInfo) -> _Chosen:
    """Choose what a file is to be compared with before any of it is fetched."""
    etag = parse_etag(info.etag)
    head = scheduler.objects.head(info.path, if_match=info.etag)
    if etag is None or etag.parts in (None, 1):
        return await _choose(scheduler, info, await head)
    # Both at once: a long line makes each question dear.
    state, first = await asyncio.gather(head, _part_size(scheduler, info, 1))
    return await _choose(scheduler, info, state, first=first, asked=True)


async def _choose(
    scheduler: Scheduler, info: FileInfo, state: ObjectState, *, first: int | None = None, asked: bool = False
) -> _Chosen:
    """Choose what a file is to be compared with.

    Args:
        scheduler: The transfer.
        info: The file.
        state: What the store says of it.
        first: The size of its first part in bytes, if that was asked for.
        asked: Whether it was.

    Raises:
        IntegrityError: The file was replaced since it was listed.
    """
    if scheduler.options.verify == "size":
        return _Chosen(None)
    reason = NOT_A_CHECKSUM
    for proof in proofs(state):
        if proof.count is None:
            return _Chosen(proof)
        if proof.count > 1 and not asked:
            first, asked = await _part_size(scheduler, info, 1), True
        even = with_even_parts(proof, info.size, first)
        if even is not None:
            return _Chosen(even)
        sizes = None if first is None else await _part_sizes(scheduler, info, proof.count)
        if sizes is not None:
            return _Chosen(replace(proof, parts=sizes))
        reason = PARTS_UNKNOWN
    return _Chosen(None, reason)


async def _with_other_parts(scheduler: Scheduler, info: FileInfo, proof: Proof) -> Proof:
    """Find out whether the parts are of other sizes than they seemed, after the file did not match.

    Raises:
        IntegrityError: They are not, so that the file is damaged.
    """
    if proof.count is None or proof.count == 1:
        raise _damaged(info)
    sizes = await _part_sizes(scheduler, info, proof.count)
    if sizes is None or sizes == proof.parts:
        raise _damaged(info)
    return replace(proof, parts=sizes)


async def _part_sizes(scheduler: Scheduler, info: FileInfo, count: int) -> tuple[int, ...] | None:
    """Ask for the size of every part, or return None when the store does not tell or they do not fit the file."""
    sizes: dict[int, int | None] = {}

    async def ask(number: int) -> None:
        sizes[number] = await _part_size(scheduler, info, number)

    await scheduler.parts(range(1, count + 1), ask)
    known = tuple(size for number in range(1, count + 1) if (size := sizes[number]))
    return known if len(known) == count and sum(known) == info.size else None


async def _part_size(scheduler: Scheduler, info: FileInfo, number: int) -> int | None:
    """Ask how large one part of an object was, or return None when the store does not tell."""
    try:
        state = await scheduler.objects.head(info.path, part=number, if_match=info.etag)
    except IntegrityError:
        raise
    except FileError:
        return None
    return state.size if state.parts_count else None


def _damaged(info: FileInfo) -> IntegrityError:
    return IntegrityError(
        f"{quoted(info.path)} arrived damaged: its size or checksum is not the store's.",
        path=info.path,
        hint="Try again.",
    )
