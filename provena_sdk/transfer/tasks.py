"""The two tasks of a transfer: fetching files and sending files.

A task can be pickled and contains no secrets, so that other processes and machines can run it on some of the files.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol, Self, TypeVar

from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.display.text import quoted
from provena_sdk.errors import FileError, UnsafePath
from provena_sdk.transfer.download import download_file
from provena_sdk.transfer.neighbours.sharing import SharedDownload
from provena_sdk.transfer.progress.meter import Meter
from provena_sdk.transfer.report import FileOutcome, Outcome
from provena_sdk.transfer.resume.leftovers import sweep
from provena_sdk.transfer.scheduler import Scheduler, by_turn
from provena_sdk.transfer.spec.items import Download, Upload
from provena_sdk.transfer.spec.options import TransferOptions
from provena_sdk.transfer.upload import abort_forgotten, upload_file

MEMORY_BYTES: Final = 96 * 1024 * 1024
"""The most bytes of files that one call of a task holds in memory."""

Item = TypeVar("Item", bound=Download | Upload)
Item_contra = TypeVar("Item_contra", bound=Download | Upload, contravariant=True)


class Task(Protocol[Item_contra]):
    """A callable that downloads or uploads files."""

    @property
    def options(self) -> TransferOptions:
        """The options for the transfer."""
        ...

    async def __call__(
        self,
        files: DatasetFiles,
        items: Sequence[Item_contra],
        meter: Meter,
        memory: int = MEMORY_BYTES,
    ) -> list[FileOutcome]:
        """Transfer files on the I/O thread. A failure becomes the outcome of its file, and the others continue.

        Args:
            files: The dataset's files.
            items: The files to transfer.
            meter: Receives the progress.
            memory: The most bytes of files held in memory at once.

        Raises:
            ProvenaError: No file could be attempted.
        """
        ...

    def share(self, workers: int) -> Self:
        """Return the task for one of several workers among which the files are divided.

        Args:
            workers: The number of workers, each of which gets an equal share of the limits on rate and connections.
        """
        ...

    def tidy(self, items: Sequence[Item_contra]) -> None:
        """Remove the leftovers of killed processes on this machine. This call blocks.

        Args:
            items: The files.
        """
        ...


@dataclass(frozen=True, slots=True)
class Fetch:
    """The task that downloads files into a folder.

    Args:
        destination: The folder, which must exist.
        options: The options for the transfer.
        claims: Whether to claim the files, so that other downloads into the folder do not fetch them, too.
    """

    destination: Path
    options: TransferOptions = field(default_factory=TransferOptions)
    claims: bool = True

    async def __call__(
        self, files: DatasetFiles, items: Sequence[Download], meter: Meter, memory: int = MEMORY_BYTES
    ) -> list[FileOutcome]:
        """Download files; see :class:`Task`.

        Raises:
            FileError: The folder does not exist on this machine.
        """
        if not await asyncio.to_thread(self.destination.is_dir):
            raise FileError(
                f"The folder {quoted(self.destination)} does not exist.",
                hint="The workers on all machines must see the same folder.",
            )

        async def fetch(item: Download) -> FileOutcome:
            outcome = await download_file(scheduler, item, self.destination)
            meter.done(outcome)
            return outcome

        def failed(item: Download, error: Exception, seconds: float) -> FileOutcome:
            return _reported(meter, failure(item, _with_name(error, self.destination / item.target), seconds))

        async with Scheduler(
            files.for_access(Access.READ), options=self.options, progress=meter, memory=memory
        ) as scheduler:
            if self.claims:
                return await self._shared(scheduler, items, fetch, failed)
            return await scheduler.files(items, fetch, failed, size=size_of)

    async def _shared(
        self,
        scheduler: Scheduler,
        items: Sequence[Download],
        fetch: Callable[[Download], Awaitable[FileOutcome]],
        failed: Callable[[Download, Exception, float], FileOutcome],
    ) -> list[FileOutcome]:
        """Download the files that no other download into the folder fetches, and wait for the others."""

        async def fetch_claimed(item: Download) -> FileOutcome | None:
            if not await shared.takes(item):
                return None
            try:
                return await fetch(item)
            finally:
                shared.release(item)

        outcomes: list[FileOutcome] = []
        left = items
        async with SharedDownload[Download](
            scheduler.store,
            self.destination,
            scheduler.progress,
            by_size=self.options.verify == "size",
            keep_times=self.options.keep_times,
            look_again=scheduler.close_folders,
        ) as shared:
            while left:
                shared.plan(by_turn(left, size_of))
                outcomes += await scheduler.files(left, fetch_claimed, failed, size=size_of)
                found, left = await shared.others()
                outcomes += found
            if shared.met_killed:
                await asyncio.to_thread(self.tidy, items)
        return outcomes

    def share(self, workers: int) -> Self:
        """Return the task for one of several workers, which claims no files; see :class:`Task`.

        The executor divides the files. If a worker is lost, its files are downloaded again.
        """
        return replace(self, options=self.options.share(workers), claims=False)

    def tidy(self, items: Sequence[Download]) -> None:
        """Remove the part files of killed processes; see :class:`Task`."""
        sweep(self.destination, (item.target for item in items))


@dataclass(frozen=True, slots=True)
class Send:
    """The task that uploads local files.

    Args:
        options: The options for the transfer.
    """

    options: TransferOptions = field(default_factory=TransferOptions)

    async def __call__(
        self, files: DatasetFiles, items: Sequence[Upload], meter: Meter, memory: int = MEMORY_BYTES
    ) -> list[FileOutcome]:
        """Upload files; see :class:`Task`."""

        async def send(item: Upload) -> FileOutcome:
            outcome = await upload_file(scheduler, item)
            meter.done(outcome)
            return outcome

        def failed(item: Upload, error: Exception, seconds: float) -> FileOutcome:
            return _reported(meter, failure(item, _with_name(error, item.source), seconds))

        async with Scheduler(
            files.for_access(Access.WRITE), options=self.options, progress=meter, memory=memory
        ) as scheduler:
            await abort_forgotten(scheduler)
            return await scheduler.files(items, send, failed, size=size_of)

    def share(self, workers: int) -> Self:
        """Return the task for one of several workers; see :class:`Task`."""
        return replace(self, options=self.options.share(workers))

    def tidy(self, items: Sequence[Upload]) -> None:
        """Do nothing, because the next upload resumes or aborts interrupted ones; see :class:`Task`."""


def size_of(item: Download | Upload) -> int:
    """Return a file's planned size in bytes."""
    return item.info.size if isinstance(item, Download) else item.size


def failure(item: Download | Upload, error: Exception, seconds: float = 0.0) -> FileOutcome:
    """Return the outcome of a file that failed.

    Args:
        item: The file.
        error: The error.
        seconds: The duration in seconds.
    """
    outcome: Outcome = "refused" if isinstance(error, UnsafePath) else "failed"
    path, local = (item.info.path, None) if isinstance(item, Download) else (item.path, item.source)
    return FileOutcome(path, outcome, seconds=seconds, error=error, local=local)


def _with_name(error: Exception, local: Path) -> Exception:
    """Add the file's name to a system error without one, such as that of a full disk.

    The error is copied, because several files may fail with the same one.
    """
    if not isinstance(error, OSError) or error.filename is not None or not error.strerror:
        return error
    named = OSError(error.errno, error.strerror, str(local))
    # An error of an unknown subclass is returned unchanged.
    return named.with_traceback(error.__traceback__) if type(named) is type(error) else error


def _reported(meter: Meter, outcome: FileOutcome) -> FileOutcome:
    meter.done(outcome)
    return outcome
