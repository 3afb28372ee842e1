"""The machinery of a transfer: what may run at once, in which threads, and when it is worth going on.

It runs on fsspec's event loop; what blocks runs in a few threads, and what carries much on a few event loops of other
threads, which also write what arrives. Memory is bounded by a byte budget over the whole transfer, and the number of
requests by the client's admission, whatever the number and size of the files.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, ParamSpec, Self, TypeVar

from provena_sdk.concurrency.gather import all_of, for_each
from provena_sdk.concurrency.thread_pool import Threads
from provena_sdk.errors import ConnectionFailed, FileError, ProvenaError
from provena_sdk.net.backoff import backoff
from provena_sdk.s3.budget import ByteBudget
from provena_sdk.s3.http.io_loops import Lanes
from provena_sdk.transfer.local.destination import Destination
from provena_sdk.transfer.options import CONCURRENCY, TransferOptions
from provena_sdk.transfer.progress.meter import Meter
from provena_sdk.transfer.report import FileOutcome

if TYPE_CHECKING:
    from provena_sdk.datasets.store import DatasetStore
    from provena_sdk.s3.client import ObjectClient

P = ParamSpec("P")
T = TypeVar("T")

MEMORY_BYTES: Final = 128 * 1024 * 1024

_SMALL_BYTES: Final = 1024 * 1024
_ONE_REQUEST_BYTES: Final = 16 * 1024 * 1024
# Beyond what the client admits at once, so that requests begin while other files are written.
_AHEAD: Final = 1.5
_MIDDLING_FILES: Final = 20
# Enough that the line is not idle while one ends and what proves the next one is asked for.
_LARGE_FILES: Final = 8
_LARGE_PARTS: Final = 16
_THREADS: Final = 4
# Each holds folders open, and single files may go anywhere.
_DESTINATIONS: Final = 4
_FIRST_WAIT: Final = 0.2
_LONGEST_WAIT: Final = 8.0


class Scheduler:
    """What the files of one transfer share. Use it as an async context manager.

    Args:
        store: The dataset's store.
        options: What the caller chose.
        progress: Who is told how far each file is.
        memory: The most bytes of files held in memory at once.
    """

    def __init__(
        self,
        store: DatasetStore,
        *,
        options: TransferOptions | None = None,
        progress: Meter | None = None,
        memory: int = MEMORY_BYTES,
    ) -> None:
        self.store = store
        self.options = options or TransferOptions()
        self.progress = progress or Meter()
        self.budget = ByteBudget(memory)
        self.lanes = Lanes()
        self._threads = Threads(_THREADS, "provena-files")
        self._destinations: OrderedDict[Path, Destination] = OrderedDict()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.close()
        self.lanes.close()
        self.let_folders_go()

    @property
    def objects(self) -> ObjectClient:
        """The requests about the dataset's objects."""
        return self.store.objects

    def destination(self, root: Path) -> Destination:
        """Return what is known of a folder that is filled, for all files of the transfer.

        Args:
            root: The folder.
        """
        found = self._destinations.pop(root, None) or Destination(root)
        self._destinations[root] = found
        if len(self._destinations) > _DESTINATIONS:
            self._destinations.popitem(last=False)[1].forget()
        return found

    def let_folders_go(self) -> None:
        """Close the folders that were filled, which are held open until then."""
        for destination in self._destinations.values():
            destination.forget()
        self._destinations.clear()

    async def in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something that blocks."""
        return await self._threads.run(functools.partial(work, *args, **kwargs))

    async def parts(self, parts: Iterable[T], work: Callable[[T], Awaitable[None]]) -> None:
        """Do something for every part of one large file, a few at a time; the first error ends it."""
        await for_each(parts, work, min(_LARGE_PARTS, self.options.concurrency))

    async def files(
        self,
        items: Sequence[T],
        work: Callable[[T], Awaitable[FileOutcome]],
        failed: Callable[[T, Exception, float], FileOutcome],
        *,
        size: Callable[[T], int],
    ) -> list[FileOutcome]:
        """Do something for every file. A failure is that file's outcome, and the others go on.

        Small files and large ones go at once, each with as many at a time as suits them, the largest first.

        Only when nothing can succeed any more, because credentials are refused or the store is out of reach, the
        remaining files fail without being tried.

        Args:
            items: The files.
            work: What to do for each.
            failed: Makes the outcome of a file that failed, from its error and the seconds it took.
            size: Tells a file's size in bytes.
        """
        outcomes: list[FileOutcome] = []
        hopeless: Exception | None = None
        out_of_reach = 0
        concurrency = self.options.concurrency

        async def one(item: T) -> None:
            nonlocal hopeless, out_of_reach
            if hopeless is not None:
                outcomes.append(failed(item, hopeless, 0.0))
                return
            started = time.monotonic()
            try:
                outcomes.append(await work(item))
                out_of_reach = 0
            except Exception as error:
                outcomes.append(failed(item, error, time.monotonic() - started))
                lost = isinstance(error, ConnectionFailed)
                out_of_reach = out_of_reach + 1 if lost else 0
                if (
                    _concerns_all(error)
                    or out_of_reach >= 2 * concurrency
                    or (lost and self.objects.out_of_reach)
                ):
                    hopeless = error

        small: list[T] = []
        others: list[T] = []
        for item in items:
            (small if size(item) <= _SMALL_BYTES else others).append(item)
        others.sort(key=size, reverse=True)
        large = [item for item in others if size(item) > _ONE_REQUEST_BYTES]
        await all_of(
            for_each(large, one, max(1, min(_LARGE_FILES, 2 * concurrency // _LARGE_PARTS))),
            for_each(others[len(large) :], one, min(_MIDDLING_FILES, concurrency)),
            for_each(small, one, concurrency if concurrency < CONCURRENCY else int(concurrency * _AHEAD)),
        )
        return outcomes


async def pause(attempt: int) -> None:
    """Wait a random time before trying again, longer with every attempt."""
    await asyncio.sleep(backoff(attempt + 1, first=_FIRST_WAIT, longest=_LONGEST_WAIT))


def _concerns_all(error: Exception) -> bool:
    return isinstance(error, ProvenaError) and not isinstance(error, FileError | ConnectionFailed)
