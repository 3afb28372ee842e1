"""Divide the files of a download among the downloads that fill the same folder at the same time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from provena_sdk.display.text import printable, quoted
from provena_sdk.transfer.items import Download
from provena_sdk.transfer.local.seen import Seen
from provena_sdk.transfer.local.times import NewTime, set_times
from provena_sdk.transfer.neighbours.claims import Claims, Neighbour
from provena_sdk.transfer.report import FileOutcome
from provena_sdk.transfer.scheduler import Scheduler, by_turn
from provena_sdk.transfer.verify.compare import Pair, compare

_log = logging.getLogger(__name__)

FOUND: Final = "another process downloaded it at the same time"
"""The reason in the outcome of a file that another download into the same folder has fetched."""

_BATCH_FILES: Final = 64
_BATCH_BYTES: Final = 32 * 1024 * 1024
_RENEW_SECONDS: Final = 1.0
_FIRST_POLL_SECONDS: Final = 0.2
_LONGEST_POLL_SECONDS: Final = 2.0


class SharedDownload:
    """One download's share of the files, where others may fill the same folder. An async context manager.

    Files are claimed in batches. Those that another download has claimed are left to it; :meth:`others` waits for them.

    Args:
        scheduler: The scheduler of the transfer.
        folder: The destination folder, which exists.
    """

    def __init__(self, scheduler: Scheduler, folder: Path) -> None:
        self._scheduler = scheduler
        self._folder = folder
        self._batches: dict[str, _Batch] = {}
        # Each was fetched by another download, or is being fetched.
        self._left: list[Download] = []
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

    def plan(self, items: Iterable[Download]) -> None:
        """Divide files into batches to claim, in the order in which they will be fetched.

        Args:
            items: The files.
        """
        for batch in _batches(items):
            for item in batch.items:
                self._batches[item.target] = batch

    async def takes(self, item: Download) -> bool:
        """Return whether this download fetches a file; if not, it is left to :meth:`others`.

        Args:
            item: One of the planned files.
        """
        batch = self._batches[item.target]
        if batch.claiming is None:
            batch.claiming = asyncio.ensure_future(asyncio.to_thread(self._claim, batch.items))
        if item.target in await asyncio.shield(batch.claiming):
            return True
        self._left.append(item)
        return False

    def release(self, item: Download) -> None:
        """End the claim for a file, fetched or not.

        Args:
            item: The file.
        """
        self._claims.release(item.target)

    async def others(self) -> tuple[list[FileOutcome], list[Download]]:
        """Wait for the files left to other downloads.

        Returns:
            The outcomes of those that others have downloaded, and those that this download must fetch after all.
        """
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
                    # Reopened folders show the journals of those that were killed.
                    self._scheduler.close_folders()
                    return found, missing
                pause = _FIRST_POLL_SECONDS
            else:
                self._report_waiting(holders)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_POLL_SECONDS)
        return found, []

    def _claim(self, items: Sequence[Download]) -> set[str]:
        won = self._claims.claim([item.target for item in items])
        if self._claims.met_others:
            for item in items:
                if item.target in won - self._different and self._seen(item) is not None:
                    won.remove(item.target)
                    self._claims.release(item.target)
        return won

    def _seen(self, item: Download) -> Seen | None:
        """Return the state of a target that is a file of the right size; otherwise None."""
        with contextlib.suppress(OSError):
            status = os.lstat(os.path.join(self._folder, *item.target.split("/")))
            if stat.S_ISREG(status.st_mode) and status.st_size == item.info.size:
                return Seen.of(status)
        return None

    async def _compared(self, items: Sequence[Download]) -> tuple[list[FileOutcome], list[Download]]:
        """Divide files that nobody claims into those that are there and those that must be fetched."""
        seen = await asyncio.to_thread(lambda: {item.target: self._seen(item) for item in items})
        there = [item for item in items if seen[item.target] is not None]
        same = set(seen) if self._scheduler.options.verify == "size" else await self._equal(there)
        outcomes: list[FileOutcome] = []
        missing: list[Download] = []
        times: list[NewTime] = []
        for item in items:
            state = seen[item.target]
            if state is None or item.target not in same:
                self._different.add(item.target)
                missing.append(item)
                continue
            times.append(NewTime(item.target, state, item.info.modified))
            outcome = FileOutcome(item.info.path, "same", local=self._folder / item.target, reason=FOUND)
            self._scheduler.progress.resumed(item.info.path, item.info.size)
            self._scheduler.progress.done(outcome)
            outcomes.append(outcome)
        if self._scheduler.options.keep_times:
            await asyncio.to_thread(set_times, self._folder, times)
        return outcomes, missing

    async def _equal(self, items: Sequence[Download]) -> set[str]:
        pairs = [Pair(place, item.info, item.target) for place, item in enumerate(items)]
        verdicts = await compare(self._scheduler.store, self._folder, pairs)
        return {item.target for item, verdict in zip(items, verdicts, strict=True) if verdict.same}

    def _report_waiting(self, holders: dict[str, Neighbour]) -> None:
        for item in self._left:
            holder = holders[item.target]
            if holder not in self._reported:
                self._reported.add(holder)
                _log.info(
                    "Waiting: another process is downloading %s (pid %d on %s)",
                    quoted(item.info.path),
                    holder.pid,
                    printable(holder.host),
                )

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            await asyncio.to_thread(self._claims.renew)


class _Batch:
    """Files that are claimed together, when the first of them is to be fetched."""

    def __init__(self, items: list[Download]) -> None:
        self.items = items
        self.claiming: asyncio.Future[set[str]] | None = None


def _batches(items: Iterable[Download]) -> Iterator[_Batch]:
    batch: list[Download] = []
    size = 0
    for item in by_turn(items, lambda item: item.info.size):
        if batch and (len(batch) == _BATCH_FILES or size + item.info.size > _BATCH_BYTES):
            yield _Batch(batch)
            batch, size = [], 0
        batch.append(item)
        size += item.info.size
    if batch:
        yield _Batch(batch)
