"""Divide the files of a download among the downloads that fill the same folder at the same time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Generic, Protocol, Self, TypeVar

from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.display.text import printable, quoted
from provena_sdk.s3.models import FileInfo
from provena_sdk.transfer.local.seen import Seen
from provena_sdk.transfer.local.times import NewTime, set_times
from provena_sdk.transfer.neighbours.claims import Claims, Neighbour
from provena_sdk.transfer.progress.meter import Meter
from provena_sdk.transfer.report import FileOutcome
from provena_sdk.transfer.verify.compare import Pair, compare

FOUND: Final = "another process downloaded it at the same time"
"""The reason in the outcome of a file that another download into the same folder has fetched."""

_BATCH_FILES: Final = 64
_BATCH_BYTES: Final = 32 * 1024 * 1024
_RENEW_SECONDS: Final = 1.0
_FIRST_POLL_SECONDS: Final = 0.2
_LONGEST_POLL_SECONDS: Final = 2.0


class Wanted(Protocol):
    """A file to download."""

    @property
    def info(self) -> FileInfo:
        """The file in the store."""
        ...

    @property
    def target(self) -> str:
        """Its path below the destination, with forward slashes."""
        ...

    @property
    def seen(self) -> Seen | None:
        """The state of the local file that it replaces; None if there is none."""
        ...


Item = TypeVar("Item", bound=Wanted)


class SharedDownload(Generic[Item]):
    """One download's share of the files, where others may fill the same folder. An async context manager.

    Files are claimed in batches. Those that another download has claimed are left to it; :meth:`others` waits for them.

    Args:
        store: The dataset's store.
        folder: The destination folder, which exists.
        meter: Receives the progress of the files that others have downloaded.
        by_size: Whether to compare those by size alone.
        keep_times: Whether to give those the store's modification time.
        look_again: Called when another download was killed, whose part files can be resumed.
    """

    def __init__(
        self,
        store: DatasetFiles,
        folder: Path,
        meter: Meter,
        *,
        by_size: bool,
        keep_times: bool,
        look_again: Callable[[], None],
    ) -> None:
        self._store = store
        self._folder = folder
        self._meter = meter
        self._by_size = by_size
        self._keep_times = keep_times
        self._look_again = look_again
        self._killed = 0
        self._batches: dict[str, _Batch[Item]] = {}
        # Each was fetched by another download, or is being fetched.
        self._left: list[Item] = []
        # Their files exist and are different, so they must be fetched.
        self._different: set[str] = set()
        self._reported: set[Neighbour] = set()

    async def __aenter__(self) -> Self:
        self._claims = await asyncio.to_thread(Claims, self._folder)
        self._renewal = asyncio.create_task(self._renew())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._renewal.cancel()
        await asyncio.to_thread(self._claims.close)

    def plan(self, items: Iterable[Item]) -> None:
        """Divide files into batches to claim.

        Args:
            items: The files, in the order in which they will be fetched.
        """
        for batch in _batches(items):
            for item in batch.items:
                self._batches[item.target] = batch

    async def takes(self, item: Item) -> bool:
        """Return whether this download fetches a file; if not, it is left to :meth:`others`.

        Args:
            item: One of the planned files.
        """
        batch = self._batches[item.target]
        if batch.claiming is None:
            batch.claiming = asyncio.ensure_future(asyncio.to_thread(self._claim, batch.items))
        won = batch.claiming.result() if batch.claiming.done() else await asyncio.shield(batch.claiming)
        if self._killed != self._claims.killed:
            self._killed = self._claims.killed
            self._look_again()
        if item.target in won:
            return True
        self._left.append(item)
        return False

    @property
    def met_killed(self) -> bool:
        """Whether another download was killed, which may have left part files that nobody resumes."""
        return self._claims.killed > 0

    def release(self, item: Item) -> None:
        """End the claim for a file, fetched or not.

        Args:
            item: The file.
        """
        self._claims.release(item.target)

    async def others(self) -> tuple[list[FileOutcome], list[Item]]:
        """Wait for the files left to other downloads.

        Returns:
            The outcomes of those that others have downloaded, and those that this download must fetch after all.
        """
        # After an error that affects all files, some were claimed and never begun; others may be waiting for them.
        for target in self._batches:
            self._claims.release(target)
        found: list[FileOutcome] = []
        pause = _FIRST_POLL_SECONDS
        while self._left:
            holders = await asyncio.to_thread(self._claims.holders)
            free = [item for item in self._left if item.target not in holders]
            if free:
                self._left = [item for item in self._left if item.target in holders]
                same, missing = await self._compared(free)
                found += same
                if missing:
                    return found, missing
                pause = _FIRST_POLL_SECONDS
            else:
                self._report_waiting(holders)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_POLL_SECONDS)
        return found, []

    def _claim(self, items: Sequence[Item]) -> set[str]:
        won = self._claims.claim([item.target for item in items])
        for item in items:
            # Another download may have written it since it was planned, and left before these claims.
            new = item.target in won and item.target not in self._different
            if new and self._seen(item) is not None:
                won.remove(item.target)
                self._claims.release(item.target)
        return won

    def _seen(self, item: Item) -> Seen | None:
        """Return the state of a target if another download may have written it; otherwise None."""
        with contextlib.suppress(OSError):
            status = os.lstat(os.path.join(self._folder, *item.target.split("/")))
            if stat.S_ISREG(status.st_mode) and status.st_size == item.info.size:
                state = Seen.of(status)
                return None if state == item.seen else state
        return None

    async def _compared(self, items: Sequence[Item]) -> tuple[list[FileOutcome], list[Item]]:
        """Divide files that nobody claims into those that are there and those that must be fetched."""
        seen = await asyncio.to_thread(lambda: {item.target: self._seen(item) for item in items})
        there = [item for item in items if seen[item.target] is not None]
        same = set(seen) if self._by_size else await self._equal(there)
        outcomes: list[FileOutcome] = []
        missing: list[Item] = []
        times: list[NewTime] = []
        for item in items:
            state = seen[item.target]
            if state is None or item.target not in same:
                self._different.add(item.target)
                missing.append(item)
                continue
            times.append(NewTime(item.target, state, item.info.modified))
            outcome = FileOutcome(item.info.path, "same", local=self._folder / item.target, reason=FOUND)
            self._meter.resumed(item.info.path, item.info.size)
            self._meter.done(outcome)
            outcomes.append(outcome)
        if self._keep_times:
            await asyncio.to_thread(set_times, self._folder, times)
        return outcomes, missing

    async def _equal(self, items: Sequence[Item]) -> set[str]:
        pairs = [Pair(place, item.info, item.target) for place, item in enumerate(items)]
        # The display shows the transfer meanwhile.
        verdicts = await compare(self._store, self._folder, pairs, Meter())
        return {item.target for item, verdict in zip(items, verdicts, strict=True) if verdict.same}

    def _report_waiting(self, holders: dict[str, Neighbour]) -> None:
        for item in self._left:
            holder = holders[item.target]
            if holder not in self._reported:
                self._reported.add(holder)
                process = f"pid {holder.pid} on {printable(holder.host)}"
                self._meter.waiting(f"another process is downloading {quoted(item.info.path)} ({process})")

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            await asyncio.to_thread(self._claims.renew)


class _Batch(Generic[Item]):
    """Files that are claimed together, when the first of them is to be fetched."""

    def __init__(self, items: list[Item]) -> None:
        self.items = items
        self.claiming: asyncio.Future[set[str]] | None = None


def _batches(items: Iterable[Item]) -> Iterator[_Batch[Item]]:
    batch: list[Item] = []
    size = 0
    for item in items:
        if batch and (len(batch) == _BATCH_FILES or size + item.info.size > _BATCH_BYTES):
            yield _Batch(batch)
            batch, size = [], 0
        batch.append(item)
        size += item.info.size
    if batch:
        yield _Batch(batch)
