"""Carrying out a transfer elsewhere: in the threads, processes or machines of any executor.

The files are cut into batches, and each batch is one call that the executor makes. Such a call brings along how to
reach the files and how to sign in, never a secret; where it is made, the session or the environment there signs in.
What an executor loses, because a worker died or for any other reason, is done again.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import logging
import os
import pickle
import platform
import threading
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.display.text import quoted
from provena_sdk.errors import ConfigurationError, FileError, InvalidArgument, ProvenaError, SignInError
from provena_sdk.transfer.items import Download, Upload
from provena_sdk.transfer.progress.meter import Meter
from provena_sdk.transfer.report import FileOutcome
from provena_sdk.transfer.tasks import MEMORY_BYTES, Task, failure, size_of

if TYPE_CHECKING:
    from provena_sdk.datasets.files import DatasetFiles

_log = logging.getLogger(__name__)

Item = TypeVar("Item", bound=Download | Upload)

_MOST_FILES: Final = 500
_MOST_BYTES: Final = 1_000_000_000
_FEWEST_FILES: Final = 16
_LEAST_BYTES: Final = 64_000_000
# Executors do not say how many workers they have. So many batches keep some dozens busy to the end.
_SHARES: Final = 64
_SUBMITTED: Final = 64
_ATTEMPTS: Final = 2
_CLEANUP_SECONDS: Final = 10.0
_LOOKS: Final = 5
_LOOK_SECONDS: Final = 1.0

# However many calls an executor makes at once in one process, memory stays bounded.
_AT_ONCE: Final = 2
_slots = threading.BoundedSemaphore(_AT_ONCE)


def checked_executor(given: object) -> Executor | None:
    """Return an executor that the caller gave, or refuse it.

    Args:
        given: The executor, or None.

    Raises:
        InvalidArgument: It is no executor.

    Example:
        >>> checked_executor(None)
    """
    if given is None or isinstance(given, Executor):
        return given
    raise InvalidArgument(
        "executor",
        f"{type(given).__name__} is no executor of concurrent.futures.",
        hint="With Dask, give client.get_executor().",
    )


async def run_on(
    executor: Executor, files: DatasetFiles, work: Task[Item], items: Sequence[Item], meter: Meter
) -> list[FileOutcome]:
    """Have an executor work on files; runs on the I/O thread.

    A batch that comes back with an error, or not at all, is submitted once more; then, or when the executor takes
    nothing any more, it is done here. Cancelling takes back what the executor has not begun.

    Args:
        executor: The executor. Unless it is one of threads, how to reach the files must pickle.
        files: The dataset.
        work: What to do with each file.
        items: The files.
        meter: Is told what became of each file, batch by batch.

    Returns:
        One outcome a file, in no order.

    Raises:
        ConfigurationError: The client was given a secret as an argument, which is sent to no other process.
        ProvenaError: What was to be done here could not be begun.
    """
    threads = isinstance(executor, ThreadPoolExecutor)
    place = _Place(files, work, meter if threads else Meter())
    if not threads:
        # Refused here rather than by the executor, whose error would say nothing to its reader.
        pickle.dumps(place)
    outcomes = await _Distribution(executor, place, meter, reports=not threads).run(batches(items))
    await asyncio.to_thread(work.tidy, items)
    return outcomes


def batches(items: Sequence[Item]) -> Iterator[tuple[Item, ...]]:
    """Cut files into batches that are worth a call each, the largest files first.

    A batch has at most 500 files and, unless it is a single file, at most 1 GB.

    Args:
        items: The files.

    Example:
        >>> from pathlib import Path
        >>> files = [Upload(Path("a"), str(number), 400_000_000) for number in range(5)]
        >>> [len(batch) for batch in batches(files)]
        [1, 1, 1, 1, 1]
        >>> files = [Upload(Path("a"), str(number), 10) for number in range(40)]
        >>> [len(batch) for batch in batches(files)]
        [16, 16, 8]
    """
    most_files = min(_MOST_FILES, max(_FEWEST_FILES, len(items) // _SHARES))
    most_bytes = min(_MOST_BYTES, max(_LEAST_BYTES, sum(map(size_of, items)) // _SHARES))
    batch: list[Item] = []
    total = 0
    for item in sorted(items, key=size_of, reverse=True):
        if batch and (len(batch) == most_files or total + size_of(item) > most_bytes):
            yield tuple(batch)
            batch, total = [], 0
        batch.append(item)
        total += size_of(item)
    if batch:
        yield tuple(batch)


class _Place(Generic[Item]):
    """The dataset and what to do with its files. In this process it is as it is; it pickles without secrets.

    Args:
        files: The dataset.
        work: What to do.
        meter: Is told how far each file is, in this process.
        is_copy: Whether this is what a pickle held.
    """

    def __init__(self, files: DatasetFiles, work: Task[Item], meter: Meter, *, is_copy: bool = False) -> None:
        self.is_copy = is_copy
        self._files = files
        self._work = work
        self._meter = meter
        self._running: set[asyncio.Task[Any]] = set()
        self._stopped = False

    @functools.cached_property
    def _pickled(self) -> bytes:
        return pickle.dumps((self._files, self._work))

    def __reduce__(self) -> tuple[object, ...]:
        return _place_here, (self._pickled,)

    def blocking(self, items: Sequence[Item]) -> list[FileOutcome]:
        """Work on files, and wait for it on another thread than the I/O thread."""
        with _slots:
            return run_sync(self.work(items, self._meter, MEMORY_BYTES // _AT_ONCE))

    async def work(
        self, items: Sequence[Item], meter: Meter, memory: int = MEMORY_BYTES
    ) -> list[FileOutcome]:
        """Work on files, on the I/O thread."""
        task = asyncio.current_task()
        if self._stopped or task is None:
            raise asyncio.CancelledError
        self._running.add(task)
        try:
            return await self._work(self._files, items, meter, memory)
        finally:
            self._running.discard(task)

    async def stop(self) -> None:
        """Cancel what goes on in this process, and wait until it is cleaned up."""
        self._stopped = True
        running = self._running - {asyncio.current_task()}
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=_CLEANUP_SECONDS)


# A worker gets one call after the other for the same dataset; they share its connections and credentials.
@functools.lru_cache(maxsize=32)
def _place_here(pickled: bytes) -> _Place[Any]:
    files, work = pickle.loads(pickled)  # noqa: S301 reason= it lay in a pickle that is being loaded already
    return _Place(files, work, Meter(), is_copy=True)


class _Batch(Generic[Item]):
    """One call: some files, and the place that knows what to do with them."""

    def __init__(self, place: _Place[Item], items: tuple[Item, ...]) -> None:
        self.place = place
        self.items = items

    def settle(self) -> list[FileOutcome]:
        """Work on the files, in whichever process this is."""
        if not self.place.is_copy:
            return self.place.blocking(self.items)
        try:
            return _portable(self.place.blocking(self.items))
        except ProvenaError as error:
            # Doing it again would end the same; the report shall say what is amiss with this worker.
            return _portable([failure(item, error) for item in self.items])

    def __dask_tokenize__(self) -> str:
        # Dask takes calls that look alike for one, and hands out the first one's error again.
        return uuid.uuid4().hex


def transfer_files(batch: _Batch[Any]) -> list[FileOutcome]:
    """Settle a batch. This is the call that an executor makes, and the name that its displays show."""
    return batch.settle()


def _portable(outcomes: Sequence[FileOutcome]) -> list[FileOutcome]:
    """Make outcomes fit to travel: an error that does not pickle would break the executor."""
    errors = {id(found.error): found.error for found in outcomes if found.error is not None}
    ready = {key: _portable_error(error) for key, error in errors.items()}
    return [
        found if found.error is None else replace(found, error=ready[id(found.error)]) for found in outcomes
    ]


def _portable_error(error: Exception) -> Exception:
    try:
        copy = pickle.loads(pickle.dumps(error))  # noqa: S301 reason= it was made in this line
    except Exception:
        return FileError(f"{type(error).__name__}: {error}")
    if isinstance(copy, SignInError | ConfigurationError):
        # Here is signed in; the reader has to know where that is not so.
        copy.hint = " ".join(filter(None, (copy.hint, f"This happened on the worker {platform.node()!r}.")))
        return copy
    return error


class _Distribution(Generic[Item]):
    """One transfer on an executor.

    Args:
        executor: The executor.
        place: What to do.
        meter: Is told what became of each file.
        reports: Whether the workers cannot tell the meter themselves.
    """

    def __init__(self, executor: Executor, place: _Place[Item], meter: Meter, *, reports: bool) -> None:
        self._executor = executor
        self._place = place
        self._meter = meter
        self._reports = reports
        self._submitted: set[Future[list[FileOutcome]]] = set()
        self._lock = threading.Lock()
        self._over = False
        self._broken = False
        self._here = asyncio.Lock()

    async def run(self, batches: Iterator[tuple[Item, ...]]) -> list[FileOutcome]:
        """Work on all batches, some dozens at once."""
        outcomes: list[FileOutcome] = []

        async def keep_busy() -> None:
            for batch in batches:
                outcomes.extend(await self._settled(batch))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(_SUBMITTED):
                    group.create_task(keep_busy())
        except BaseExceptionGroup as errors:
            first = errors.exceptions[0]
        else:
            return outcomes
        finally:
            await self._stop()
        # Raised here and not above, so that the group does not travel along as its context.
        raise first

    async def _stop(self) -> None:
        with self._lock:
            self._over = True
            submitted = tuple(self._submitted)
        for future in submitted:
            future.cancel()
        await self._place.stop()

    async def _settled(self, items: tuple[Item, ...]) -> list[FileOutcome]:
        for _ in range(_ATTEMPTS):
            outcomes = await self._elsewhere(items)
            if outcomes is not None:
                return outcomes
        # One after the other: each alone may take all the memory there is for files.
        async with self._here:
            return await self._place.work(items, self._meter)

    async def _elsewhere(self, items: tuple[Item, ...]) -> list[FileOutcome] | None:
        """Have the executor work on a batch; None when it was lost."""
        if self._broken:
            return None
        try:
            # Some executors take their time to take something, and the I/O thread has other work.
            future = await asyncio.to_thread(self._submit, _Batch(self._place, items))
        except Exception as error:
            if not self._broken:
                self._broken = True
                _log.warning(
                    "The executor takes nothing more (%s); the rest of the transfer is done here.",
                    type(error).__name__,
                )
            return None
        answer = asyncio.wrap_future(future)
        try:
            await asyncio.wait([answer])
        finally:
            answer.cancel()
            with self._lock:
                self._submitted.discard(future)
        lost = concurrent.futures.CancelledError() if answer.cancelled() else answer.exception()
        if isinstance(lost, ProvenaError):
            raise lost
        if lost is not None:
            _log.warning(
                "The executor lost a batch of %d files (%s); it is done again.",
                len(items),
                type(lost).__name__,
            )
            return None
        outcomes = answer.result()
        if self._reports:
            outcomes = await self._arrived(items, outcomes)
            for outcome in outcomes:
                self._meter.done(outcome)
        return outcomes

    def _submit(self, batch: _Batch[Item]) -> Future[list[FileOutcome]]:
        future = self._executor.submit(transfer_files, batch)
        with self._lock:
            self._submitted.add(future)
            if self._over:
                future.cancel()
        return future

    async def _arrived(self, items: tuple[Item, ...], outcomes: list[FileOutcome]) -> list[FileOutcome]:
        """Make sure that a fetched file is here, and not in a folder of the same name on another machine."""
        fetched = next((found.local for found in outcomes if found.outcome == "downloaded"), None)
        if fetched is None:
            return outcomes
        for _ in range(_LOOKS):
            if await asyncio.to_thread(fetched.exists):
                return outcomes
            # A network file system may show it with some delay.
            await asyncio.sleep(_LOOK_SECONDS)
        return [failure(item, _astray(str(fetched.parent))) for item in items]


def _astray(folder: str) -> FileError:
    return FileError(
        f"The file was fetched into {quoted(folder)} on a worker, and is not there on this machine.",
        hint="All workers must see the destination folder, for example on a network file system.",
    )


def _free_slots() -> None:
    # A forked child does not go on with the calls that its parent makes.
    global _slots
    _slots = threading.BoundedSemaphore(_AT_ONCE)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_slots)
