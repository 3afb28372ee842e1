"""Run a transfer on an executor, in its threads, processes or machines.

The files are divided into batches, and each batch is one call of the executor. A call carries the settings for access
and sign-in, but no secrets; the worker signs in with its own session or environment. Batches that the executor loses,
for example because a worker died, are run again.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import logging
import pickle
import platform
import threading
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final, Generic, TypeVar

from provena_sdk.concurrency.fork import begin_in_child
from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.display.text import quoted
from provena_sdk.errors import ConfigurationError, FileError, InvalidArgument, ProvenaError, SignInError
from provena_sdk.logs import follow_environment
from provena_sdk.transfer.progress.meter import Meter
from provena_sdk.transfer.report import FileOutcome
from provena_sdk.transfer.spec.items import Download, Upload
from provena_sdk.transfer.tasks import MEMORY_BYTES, Task, failure, size_of

_log = logging.getLogger(__name__)

Item = TypeVar("Item", bound=Download | Upload)

_MOST_FILES: Final = 500
_MOST_BYTES: Final = 1_000_000_000
_FEWEST_FILES: Final = 16
_LEAST_BYTES: Final = 64_000_000
# Executors do not report their number of workers. With this many batches, some dozens stay busy to the end.
_SHARES: Final = 64
_SUBMITTED: Final = 64
_ATTEMPTS: Final = 2
_CLEANUP_SECONDS: Final = 10.0
_CHECKS: Final = 5
_LOOK_SECONDS: Final = 1.0

# Limits the memory if an executor makes many calls at once in one process.
_AT_ONCE: Final = 2
_slots = threading.BoundedSemaphore(_AT_ONCE)


async def run_on(
    executor: Executor, files: DatasetFiles, task: Task[Item], items: Sequence[Item], meter: Meter
) -> list[FileOutcome]:
    """Run a task on an executor, from the I/O thread.

    A batch that is lost or raises an error is submitted once more. After that, or if the executor accepts no more
    calls, it runs in this process. Cancelling also cancels the batches that the executor has not started.

    Args:
        executor: The executor. Unless it uses threads, ``files`` must pickle.
        files: The dataset's files.
        task: The task to run on the files.
        items: The files to transfer.
        meter: Receives the outcome of each file, batch by batch.

    Returns:
        One outcome per file, in no particular order.

    Raises:
        ConfigurationError: The client got a secret as an argument, which must not be sent to other processes.
        InvalidArgument: The rate or the connections are limited, but the number of workers is unknown.
        ProvenaError: A batch in this process failed before any file was attempted.
    """
    threads = isinstance(executor, ThreadPoolExecutor)
    task = task.share(calls_at_once(executor) if task.options.is_limited else 1)
    job = _Job(files, task, meter if threads else Meter())
    if not threads:
        # Fail here rather than in the executor, whose error would be less clear.
        pickle.dumps(job)
    outcomes = await _Distribution(executor, job, meter, reports=not threads).run(batches(items))
    await asyncio.to_thread(task.tidy, items)
    return outcomes


def calls_at_once(executor: Executor) -> int:
    """Return the number of batches that the workers of an executor transfer at the same time.

    Args:
        executor: One of threads, of processes, of Dask, of loky or of MPI.

    Raises:
        InvalidArgument: The executor does not report its number of workers.

    Example:
        >>> calls_at_once(ThreadPoolExecutor(8))
        2
    """
    client: Any = getattr(executor, "_client", None)
    if callable(getattr(client, "nthreads", None)):
        return sum(min(threads, _AT_ONCE) for threads in client.nthreads().values()) or 1
    for name in ("_max_workers", "num_workers"):
        workers = getattr(executor, name, None)
        if isinstance(workers, int) and workers > 0:
            return min(workers, _AT_ONCE) if isinstance(executor, ThreadPoolExecutor) else workers
    raise InvalidArgument(
        "executor",
        f"must report its number of workers, which share limit_rate and max_connections; "
        f"{type(executor).__name__} does not.",
        hint="Transfer without an executor, or without limit_rate and max_connections.",
    )


def batches(items: Sequence[Item]) -> Iterator[tuple[Item, ...]]:
    """Divide files into batches, each large enough for one call, the largest files first.

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


class _Job(Generic[Item]):
    """A task and its dataset, shared by all batches. It can be pickled, without secrets.

    Args:
        files: The dataset's files.
        task: The task to run on the files.
        meter: Receives the progress in this process.
        is_copy: Whether this job was unpickled.
    """

    def __init__(self, files: DatasetFiles, task: Task[Item], meter: Meter, *, is_copy: bool = False) -> None:
        self.is_copy = is_copy
        self._files = files
        self._task = task
        self._meter = meter
        self._running: set[asyncio.Task[Any]] = set()
        self._stopped = False

    @functools.cached_property
    def _pickled(self) -> bytes:
        return pickle.dumps((self._files, self._task))

    def __reduce__(self) -> tuple[object, ...]:
        return _job_here, (self._pickled,)

    def run_blocking(self, items: Sequence[Item]) -> list[FileOutcome]:
        """Transfer files, from another thread than the I/O thread."""
        with _slots:
            return run_sync(self.run(items, self._meter, MEMORY_BYTES // _AT_ONCE))

    async def run(self, items: Sequence[Item], meter: Meter, memory: int = MEMORY_BYTES) -> list[FileOutcome]:
        """Transfer files on the I/O thread."""
        task = asyncio.current_task()
        if self._stopped or task is None:
            raise asyncio.CancelledError
        self._running.add(task)
        try:
            return await self._task(self._files, items, meter, memory)
        finally:
            self._running.discard(task)

    async def stop(self) -> None:
        """Cancel the transfers that run in this process, and wait up to 10 seconds for their cleanup."""
        self._stopped = True
        running = self._running - {asyncio.current_task()}
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=_CLEANUP_SECONDS)


# Calls for the same dataset in one worker share connections and credentials.
@functools.lru_cache(maxsize=32)
def _job_here(pickled: bytes) -> _Job[Any]:
    follow_environment()
    files, task = pickle.loads(pickled)  # noqa: S301 reason= it comes from a pickle that is already being loaded
    return _Job(files, task, Meter(), is_copy=True)


class _Batch(Generic[Item]):
    """One call of the executor: some files, and the job that transfers them."""

    def __init__(self, job: _Job[Item], items: tuple[Item, ...]) -> None:
        self.job = job
        self.items = items

    def transfer(self) -> list[FileOutcome]:
        """Transfer the files in this process, which may be a worker."""
        if not self.job.is_copy:
            return self.job.run_blocking(self.items)
        try:
            return _picklable(self.job.run_blocking(self.items))
        except ProvenaError as error:
            # Another attempt would fail too, so report the problem of this worker.
            return _picklable([failure(item, error) for item in self.items])

    def __dask_tokenize__(self) -> str:
        # Dask merges calls with equal tokens, and would return the error of the first for all of them.
        return uuid.uuid4().hex


def transfer_files(batch: _Batch[Any]) -> list[FileOutcome]:
    """Transfer a batch. Executors call this function, and their dashboards show its name."""
    return batch.transfer()


def _picklable(outcomes: Sequence[FileOutcome]) -> list[FileOutcome]:
    """Replace the errors that cannot be pickled, because they would break the executor."""
    errors = {id(found.error): found.error for found in outcomes if found.error is not None}
    ready = {key: _picklable_error(error) for key, error in errors.items()}
    return [
        found if found.error is None else replace(found, error=ready[id(found.error)]) for found in outcomes
    ]


def _picklable_error(error: Exception) -> Exception:
    try:
        copy = pickle.loads(pickle.dumps(error))  # noqa: S301 reason= it was made in this line
    except Exception:
        return FileError(f"{type(error).__name__}: {error}")
    if isinstance(copy, SignInError | ConfigurationError):
        # The main process is signed in, so say which worker is not.
        copy.hint = " ".join(filter(None, (copy.hint, f"This happened on the worker {platform.node()!r}.")))
        return copy
    return error


class _Distribution(Generic[Item]):
    """One transfer on an executor.

    Args:
        executor: The executor.
        job: The task and its dataset.
        meter: Receives the outcome of each file.
        reports: Whether to report outcomes to the meter here, because workers cannot.
    """

    def __init__(self, executor: Executor, job: _Job[Item], meter: Meter, *, reports: bool) -> None:
        self._executor = executor
        self._job = job
        self._meter = meter
        self._reports = reports
        self._submitted: set[Future[list[FileOutcome]]] = set()
        self._lock = threading.Lock()
        self._over = False
        self._broken = False
        self._here = asyncio.Lock()

    async def run(self, batches: Iterator[tuple[Item, ...]]) -> list[FileOutcome]:
        """Transfer all batches, up to 64 at once."""
        outcomes: list[FileOutcome] = []

        async def keep_busy() -> None:
            for batch in batches:
                outcomes.extend(await self._outcomes_of(batch))

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
        # Raised outside the handler, so that the group does not become its context.
        raise first

    async def _stop(self) -> None:
        with self._lock:
            self._over = True
            submitted = tuple(self._submitted)
        for future in submitted:
            future.cancel()
        await self._job.stop()

    async def _outcomes_of(self, items: tuple[Item, ...]) -> list[FileOutcome]:
        for _ in range(_ATTEMPTS):
            outcomes = await self._submitted_outcomes(items)
            if outcomes is not None:
                return outcomes
        # One at a time, because each may use all memory allowed for files.
        async with self._here:
            return await self._job.run(items, self._meter)

    async def _submitted_outcomes(self, items: tuple[Item, ...]) -> list[FileOutcome] | None:
        """Submit a batch and return its outcomes, or None if it was lost."""
        if self._broken:
            return None
        try:
            # Submitting is slow with some executors, and the I/O thread is busy.
            future = await asyncio.to_thread(self._submit, _Batch(self._job, items))
        except Exception as error:
            if not self._broken:
                self._broken = True
                _log.warning(
                    "The executor accepts no more calls (%s); the rest of the transfer runs in this process.",
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
                "The executor lost a batch of %d files (%s); it is run again.",
                len(items),
                type(lost).__name__,
            )
            return None
        outcomes = answer.result()
        if self._reports:
            outcomes = await self._check_arrival(items, outcomes)
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

    async def _check_arrival(self, items: tuple[Item, ...], outcomes: list[FileOutcome]) -> list[FileOutcome]:
        """Check that a downloaded file is visible here, and not in a folder of the same name on another machine."""
        fetched = next((found.local for found in outcomes if found.outcome == "downloaded"), None)
        if fetched is None:
            return outcomes
        for _ in range(_CHECKS):
            if await asyncio.to_thread(fetched.exists):
                return outcomes
            # A network file system may show a new file late.
            await asyncio.sleep(_LOOK_SECONDS)
        return [failure(item, _not_here(str(fetched.parent))) for item in items]


def _not_here(folder: str) -> FileError:
    return FileError(
        f"A worker downloaded the file into {quoted(folder)}, but this machine does not see it there.",
        hint="All workers must see the destination folder, for example on a network file system.",
    )


def _free_slots() -> None:
    # The calls that hold slots run in the parent, not in a forked child.
    global _slots
    _slots = threading.BoundedSemaphore(_AT_ONCE)


begin_in_child(_free_slots)
