"""Schedule a transfer: which files run at once, on which threads, and when to stop.

It runs on fsspec's event loop, which also writes small files while the disk is fast. Other blocking calls run in a few
threads. Large ranges are received and written by a few I/O loops. A byte budget limits the memory of the whole
transfer, and the S3 client limits the number of requests, whatever the number and size of the files.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, ParamSpec, Self, TypeVar

from provena_sdk.concurrency.gather import all_of, for_each
from provena_sdk.concurrency.thread_pool import Threads
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.errors import ConnectionFailed, FileError, ProvenaError
from provena_sdk.net.backoff import backoff
from provena_sdk.s3.budget import Admission, ByteBudget
from provena_sdk.s3.client import ObjectClient
from provena_sdk.s3.client.request import observed_retries
from provena_sdk.s3.http.io_loops import IoLoops
from provena_sdk.s3.http.line import Line
from provena_sdk.transfer.local.destination import Destination
from provena_sdk.transfer.progress.meter import Meter
from provena_sdk.transfer.report import FileOutcome
from provena_sdk.transfer.spec.options import CONCURRENCY, TransferOptions

P = ParamSpec("P")
T = TypeVar("T")

MEMORY_BYTES: Final = 128 * 1024 * 1024

_SMALL_BYTES: Final = 1024 * 1024
_ONE_REQUEST_BYTES: Final = 16 * 1024 * 1024
# More files than the client allows requests, so that requests start while other files are written.
_AHEAD: Final = 1.5
_MEDIUM_FILES: Final = 20
# Enough to keep the connection busy while one file is finished and the checksum of the next is requested.
_LARGE_FILES: Final = 8
_LARGE_PARTS: Final = 32
_THREADS: Final = 4
# Brief calls run on threads, for so many times as long as the last one took, if the mean of the last ones is higher.
_BRIEF_SECONDS: Final = 0.0003
_CALLS_IN_THREADS: Final = 200
_NEWEST: Final = 0.1
# One that takes longer may have waited for the processor.
_LONGEST_SECONDS: Final = 0.001
# Each keeps folders open, and the caller may give each file another destination.
_DESTINATIONS: Final = 4
# After Ctrl-C, a process ends within a second.
_FINISH_SECONDS: Final = 0.5
_CANCEL_SECONDS: Final = 10.0
_FIRST_WAIT: Final = 0.2
_LONGEST_WAIT: Final = 8.0


class Scheduler:
    """The resources that a transfer's files share: budgets, threads, open folders. An async context manager.

    Args:
        store: The dataset's store.
        options: The options for the transfer.
        progress: Receives the progress of each file.
        memory: The most bytes of files held in memory at once.
    """

    def __init__(
        self,
        store: DatasetFiles,
        *,
        options: TransferOptions | None = None,
        progress: Meter | None = None,
        memory: int = MEMORY_BYTES,
    ) -> None:
        self.store = store
        self.options = options or TransferOptions()
        self.progress = progress or Meter()
        self.budget = ByteBudget(memory)
        self.io_loops = IoLoops()
        self._observing = contextlib.ExitStack()
        self._threads = Threads(_THREADS, "provena-files")
        self._blocked = 0.0
        self._in_threads_until = 0.0
        self._limited: ObjectClient | None = None
        self._destinations: OrderedDict[Path, Destination] = OrderedDict()

    async def __aenter__(self) -> Self:
        self._observing.enter_context(observed_retries(self.progress.retrying))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._observing.close()
        self._threads.close()
        self.io_loops.close()
        self.close_folders()
        if self._limited is not None:
            await self._limited.close()

    @property
    def objects(self) -> ObjectClient:
        """The S3 client, with the limits of this transfer."""
        options = self.options
        if not options.is_limited:
            return self.store.objects
        if self._limited is None:
            line = Line(options.bytes_per_second)
            admission = Admission(line=line, connections=options.max_connections)
            self._limited = self.store.objects.limited(admission)
        return self._limited

    @property
    def sending_rate(self) -> float | None:
        """The bytes per second that the line takes, as limited or last measured; None if unknown."""
        return self.objects.admission.sending_rate

    def destination(self, root: Path) -> Destination:
        """Return the destination for a folder, shared by all files of the transfer.

        Args:
            root: The folder.
        """
        found = self._destinations.pop(root, None) or Destination(root)
        self._destinations[root] = found
        if len(self._destinations) > _DESTINATIONS:
            self._destinations.popitem(last=False)[1].forget()
        return found

    def close_folders(self) -> None:
        """Close the folders that the destinations keep open."""
        for destination in self._destinations.values():
            destination.forget()
        self._destinations.clear()

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking function on a thread."""
        return await self._threads.run(functools.partial(function, *args, **kwargs))

    async def briefly(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function that blocks for a moment, such as one that writes a small file, on this thread.

        A thread would wait for the interpreter's lock for longer than that. But if the last calls were slow, as on a
        network file system, the next ones run on threads for a while.
        """
        if time.monotonic() < self._in_threads_until:
            return await self.in_thread(function, *args, **kwargs)
        started = time.monotonic()
        try:
            return function(*args, **kwargs)
        finally:
            ended = time.monotonic()
            self._blocked += _NEWEST * (min(ended - started, _LONGEST_SECONDS) - self._blocked)
            if self._blocked > _BRIEF_SECONDS:
                self._in_threads_until = ended + _CALLS_IN_THREADS * (ended - started)
                self._blocked = 0.0

    async def finish(self, sending: Coroutine[Any, Any, T], size: int, sent: Callable[[], int]) -> T:
        """Await a request that sends bytes, even if cancelled when the line sends the rest within half a second.

        What a request has sent is lost with it, so that after Ctrl-C it would be sent again.

        Args:
            sending: Sends the request, and records that it is done.
            size: The number of bytes to send.
            sent: Returns how many of them have been sent.
        """
        task = asyncio.ensure_future(sending)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if (done := sent()) and size - done <= (self.sending_rate or 0.0) * _FINISH_SECONDS:
                await _ended(task, _FINISH_SECONDS)
            task.cancel()
            await _ended(task, _CANCEL_SECONDS)
            raise

    async def parts(self, parts: Iterable[T], run: Callable[[T], Awaitable[None]]) -> None:
        """Process all parts or ranges of one large file, a few at a time. The first error cancels the others."""
        await for_each(parts, run, min(_LARGE_PARTS, self.options.concurrency))

    async def files(
        self,
        items: Sequence[T],
        run: Callable[[T], Awaitable[FileOutcome | None]],
        failed: Callable[[T, Exception, float], FileOutcome],
        *,
        size: Callable[[T], int],
    ) -> list[FileOutcome]:
        """Process all files. An error becomes the outcome of its file, and the others continue.

        Small, medium and large files are processed at the same time, with separate limits; those over 1 MiB start with
        the largest. If no file can succeed any more, because the credentials are refused or the store cannot be
        reached, the remaining files fail at once.

        Args:
            items: The files.
            run: Processes one file. It returns None to leave the file out, for example if another process has it.
            failed: Returns the outcome of a failed file, given its error and the duration in seconds.
            size: Returns a file's size in bytes.

        Returns:
            One outcome per file that was not left out, in no particular order.
        """
        outcomes: list[FileOutcome] = []
        fatal: Exception | None = None
        lost_in_a_row = 0
        concurrency = self.options.concurrency

        async def one(item: T) -> None:
            nonlocal fatal, lost_in_a_row
            if fatal is not None:
                outcomes.append(failed(item, fatal, 0.0))
                return
            started = time.monotonic()
            try:
                outcome = await run(item)
                if outcome is not None:
                    outcomes.append(outcome)
                    lost_in_a_row = 0
            except Exception as error:
                outcomes.append(failed(item, error, time.monotonic() - started))
                lost = isinstance(error, ConnectionFailed)
                lost_in_a_row = lost_in_a_row + 1 if lost else 0
                if (
                    _affects_all(error)
                    or lost_in_a_row >= 2 * concurrency
                    or (lost and self.objects.out_of_reach)
                ):
                    fatal = error

        ordered = by_turn(items, size)
        small = [item for item in ordered if size(item) <= _SMALL_BYTES]
        others = ordered[: len(ordered) - len(small)]
        large = [item for item in others if size(item) > _ONE_REQUEST_BYTES]
        await all_of(
            for_each(large, one, max(1, min(_LARGE_FILES, 2 * concurrency // _LARGE_PARTS))),
            for_each(others[len(large) :], one, min(_MEDIUM_FILES, concurrency)),
            for_each(small, one, concurrency if concurrency < CONCURRENCY else int(concurrency * _AHEAD)),
        )
        return outcomes


def by_turn(items: Iterable[T], size: Callable[[T], int]) -> list[T]:
    """Return files in the order in which they are processed: those over 1 MiB by size, then the others as they come.

    Args:
        items: The files.
        size: Returns a file's size in bytes.

    Example:
        >>> by_turn([2, 1, 3_000_000, 4_000_000], size=int)
        [4000000, 3000000, 2, 1]
    """
    return sorted(items, key=lambda item: -size(item) if size(item) > _SMALL_BYTES else 0)


async def pause(attempt: int) -> None:
    """Wait a random time before the next attempt, on average longer with every attempt."""
    await asyncio.sleep(backoff(attempt + 1, first=_FIRST_WAIT, longest=_LONGEST_WAIT))


async def _ended(task: asyncio.Future[Any], seconds: float) -> None:
    """Wait for a task at most some seconds, even if cancelled meanwhile, as when a group cancels its members again."""
    deadline = time.monotonic() + seconds
    while not task.done() and (left := deadline - time.monotonic()) > 0:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait((task,), timeout=left)
    if task.done() and not task.cancelled():
        # Otherwise asyncio would log that nobody retrieved it.
        task.exception()


def _affects_all(error: Exception) -> bool:
    return isinstance(error, ProvenaError) and not isinstance(error, FileError | ConnectionFailed)
