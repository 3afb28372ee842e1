"""From a dataset's handle to its files: where they lie, and the credentials to reach them.

File work runs on fsspec's I/O thread for both faces, and asks the datastore through a blocking transport of its own.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import IO, TYPE_CHECKING, Any, TypeAlias, TypeVar

from provena_sdk.concurrency.background import on_thread
from provena_sdk.concurrency.io_thread import on_io_thread, run_sync
from provena_sdk.connection import Datasets
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.datasets.paths import checked
from provena_sdk.filesystem.open_file.options import checked_options
from provena_sdk.s3.models import FileInfo
from provena_sdk.transfer.executor import checked_executor
from provena_sdk.transfer.local.scan import destination_folder, source_folder
from provena_sdk.transfer.options import Choice, RunOptions, TransferOptions
from provena_sdk.transfer.plan import AsyncDownloadPlan, AsyncUploadPlan, DownloadPlan, UploadPlan
from provena_sdk.transfer.progress.choose import progress_for
from provena_sdk.transfer.report import TransferReport
from provena_sdk.transport.http import Transport

if TYPE_CHECKING:
    from anyio import AsyncFile
    from fsspec.implementations.dirfs import DirFileSystem

T = TypeVar("T")
StrPath: TypeAlias = str | os.PathLike[str]
OpenFile: TypeAlias = IO[Any]
AsyncOpenFile: TypeAlias = "AsyncFile[Any]"


def dataset_folder(datasets: Datasets, options: Mapping[str, Any], dataset_id: str) -> DirFileSystem:
    """Return a dataset of a client as a file system.

    Args:
        datasets: The client's datasets.
        options: The storage options that lead to such a client elsewhere.
        dataset_id: The dataset's handle.
    """
    from provena_sdk.filesystem.dataset_folder import DatasetFolder  # noqa: PLC0415  # keeps fsspec away
    from provena_sdk.filesystem.file_system import ProvenaFileSystem  # noqa: PLC0415  # keeps fsspec away

    return DatasetFolder(dataset_id, ProvenaFileSystem.of_client(datasets, options), skip_instance_cache=True)


def _nothing() -> None:
    """There is nothing to check."""


def _check_download(
    argument: str, path: StrPath, destination: StrPath, run: RunOptions | None = None
) -> None:
    checked(path, argument=argument)
    destination_folder(destination)
    _check_run(run)


def _check_upload(source: StrPath, run: RunOptions) -> None:
    source_folder(source)
    _check_run(run)


def _check_run(run: RunOptions | None) -> None:
    if run is not None:
        checked_executor(run.executor)
        progress_for(run.progress)


def _check_opening(path: StrPath, mode: str, options: Mapping[str, Any]) -> dict[str, Any]:
    checked(path)
    return checked_options(mode, options)


class FileAccess:
    """The files of any dataset, for blocking callers.

    Args:
        transport: Asks the datastore.
        storage_options: What leads to the same deployment and profile elsewhere, for file systems.
    """

    def __init__(self, transport: Transport, storage_options: Mapping[str, Any]) -> None:
        self.datasets = Datasets(transport)
        self._storage_options = storage_options

    def filesystem(self, dataset_id: str) -> DirFileSystem:
        """Return one dataset as a file system."""
        return dataset_folder(self.datasets, self._storage_options, dataset_id)

    def list_files(self, dataset_id: str) -> list[FileInfo]:
        """List a dataset's files."""
        return run_sync(self.datasets.work(dataset_id, _nothing, _list))

    def open(self, dataset_id: str, path: str, mode: str, **options: Any) -> OpenFile:
        """Open one file."""
        options = _check_opening(path, mode, options)
        return self.datasets.files(dataset_id).open(path, mode, **options)

    def plan_download(
        self, dataset_id: str, destination: StrPath, path: str, choice: Choice, options: TransferOptions
    ) -> DownloadPlan:
        """Work out a download."""
        check = partial(_check_download, "path", path, destination)
        return run_sync(
            self.datasets.work(dataset_id, check, _planned_download(destination, path, choice, options))
        )

    def plan_upload(
        self, dataset_id: str, source: StrPath, choice: Choice, options: TransferOptions
    ) -> UploadPlan:
        """Work out an upload."""
        check = partial(source_folder, source)
        return run_sync(self.datasets.work(dataset_id, check, _planned_upload(source, choice, options)))

    def download(
        self,
        dataset_id: str,
        destination: StrPath,
        path: str,
        choice: Choice,
        options: TransferOptions,
        run: RunOptions,
    ) -> TransferReport:
        """Download a file, a folder, or everything."""
        check = partial(_check_download, "s3_path", path, destination, run)
        return run_sync(
            self.datasets.work(dataset_id, check, _download(destination, path, choice, options, run))
        )

    def upload(
        self, dataset_id: str, source: StrPath, choice: Choice, options: TransferOptions, run: RunOptions
    ) -> TransferReport:
        """Upload a folder."""
        check = partial(_check_upload, source, run)
        return run_sync(self.datasets.work(dataset_id, check, _upload(source, choice, options, run)))

    def close(self) -> None:
        """Close the connections to the object store."""
        self.datasets.close()


class AsyncFileAccess:
    """The files of any dataset, for awaiting callers.

    Args:
        transport: Asks the datastore, on a thread; it is closed together with this.
        storage_options: What leads to the same deployment and profile elsewhere, for file systems.
    """

    def __init__(self, transport: Transport, storage_options: Mapping[str, Any]) -> None:
        self._transport = transport
        self.datasets = Datasets(transport)
        self._storage_options = storage_options

    def filesystem(self, dataset_id: str) -> DirFileSystem:
        """Return one dataset as a file system; its coroutines may be awaited on any event loop."""
        return dataset_folder(self.datasets, self._storage_options, dataset_id)

    async def list_files(self, dataset_id: str) -> list[FileInfo]:
        """List a dataset's files."""
        return await on_io_thread(self.datasets.work(dataset_id, _nothing, _list))

    async def open(self, dataset_id: str, path: str, mode: str, **options: Any) -> AsyncOpenFile:
        """Open one file; its methods are awaited, and run on threads."""
        from anyio import wrap_file

        options = _check_opening(path, mode, options)
        files = await on_thread(self.datasets.files, dataset_id)
        return wrap_file(await asyncio.to_thread(files.open, path, mode, **options))

    async def plan_download(
        self, dataset_id: str, destination: StrPath, path: str, choice: Choice, options: TransferOptions
    ) -> AsyncDownloadPlan:
        """Work out a download."""
        check = partial(_check_download, "path", path, destination)
        plan = await on_io_thread(
            self.datasets.work(dataset_id, check, _planned_download(destination, path, choice, options))
        )
        return plan.as_async()

    async def plan_upload(
        self, dataset_id: str, source: StrPath, choice: Choice, options: TransferOptions
    ) -> AsyncUploadPlan:
        """Work out an upload."""
        check = partial(source_folder, source)
        plan = await on_io_thread(
            self.datasets.work(dataset_id, check, _planned_upload(source, choice, options))
        )
        return plan.as_async()

    async def download(
        self,
        dataset_id: str,
        destination: StrPath,
        path: str,
        choice: Choice,
        options: TransferOptions,
        run: RunOptions,
    ) -> TransferReport:
        """Download a file, a folder, or everything."""
        check = partial(_check_download, "s3_path", path, destination, run)
        return await on_io_thread(
            self.datasets.work(dataset_id, check, _download(destination, path, choice, options, run))
        )

    async def upload(
        self, dataset_id: str, source: StrPath, choice: Choice, options: TransferOptions, run: RunOptions
    ) -> TransferReport:
        """Upload a folder."""
        check = partial(_check_upload, source, run)
        return await on_io_thread(
            self.datasets.work(dataset_id, check, _upload(source, choice, options, run))
        )

    async def close(self) -> None:
        """Close the connections to the object store, and the transport."""
        await asyncio.to_thread(self.datasets.close)
        self._transport.close()


async def _list(files: DatasetFiles) -> list[FileInfo]:
    return await files._list()


def _planned_download(
    destination: StrPath, path: str, choice: Choice, options: TransferOptions
) -> Callable[[DatasetFiles], Coroutine[Any, Any, DownloadPlan]]:
    async def plan(files: DatasetFiles) -> DownloadPlan:
        return await files._plan_download(destination, path=path, choice=choice, options=options)

    return plan


def _planned_upload(
    source: StrPath, choice: Choice, options: TransferOptions
) -> Callable[[DatasetFiles], Coroutine[Any, Any, UploadPlan]]:
    async def plan(files: DatasetFiles) -> UploadPlan:
        return await files._plan_upload(source, choice=choice, options=options)

    return plan


def _download(
    destination: StrPath, path: str, choice: Choice, options: TransferOptions, run: RunOptions
) -> Callable[[DatasetFiles], Coroutine[Any, Any, TransferReport]]:
    async def download(files: DatasetFiles) -> TransferReport:
        return await files._download(destination, run, path=path, choice=choice, options=options)

    return download


def _upload(
    source: StrPath, choice: Choice, options: TransferOptions, run: RunOptions
) -> Callable[[DatasetFiles], Coroutine[Any, Any, TransferReport]]:
    async def upload(files: DatasetFiles) -> TransferReport:
        return await files._upload(source, run, choice=choice, options=options)

    return upload
