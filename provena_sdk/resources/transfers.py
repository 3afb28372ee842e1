"""File work that both clients share: check the arguments, find the dataset, open or transfer.

Coroutines run on fsspec's I/O thread, and ask the datastore through a sync transport of their own.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import IO, TYPE_CHECKING, Any, TypeAlias, TypeVar

from provena_sdk.concurrency.background import on_thread
from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.connection import Datasets
from provena_sdk.datasets import listing
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.file_list import FileList
from provena_sdk.datasets.files import DatasetFiles, not_a_file
from provena_sdk.datasets.paths import checked, checked_name
from provena_sdk.datasets.service_file import check_writable
from provena_sdk.errors import DatasetFileNotFound, InvalidArgument, TransferFailed
from provena_sdk.filesystem.open_file.options import checked_options
from provena_sdk.transfer import in_store, planner
from provena_sdk.transfer.in_store.copying import Copying
from provena_sdk.transfer.local.scan import Sources, destination_folder, existing_folder, reusable, source_of
from provena_sdk.transfer.plan import DownloadPlan, TransferPlan, UploadPlan
from provena_sdk.transfer.plan_file.saved import check_folder, read_plan
from provena_sdk.transfer.progress.meter import Meter
from provena_sdk.transfer.report import TransferReport, Verification
from provena_sdk.transfer.runner import UploadRunner
from provena_sdk.transfer.spec.options import Choice, RunOptions, TransferOptions
from provena_sdk.transfer.spec.patterns import Selection

if TYPE_CHECKING:
    from anyio import AsyncFile
    from fsspec.implementations.dirfs import DirFileSystem
    from s3fs import S3FileSystem

    from provena_sdk.preview import Preview

D = TypeVar("D", bound=TransferPlan)
U = TypeVar("U", bound=TransferPlan)

StrPath: TypeAlias = str | os.PathLike[str]
OpenFile: TypeAlias = IO[Any]
AsyncOpenFile: TypeAlias = "AsyncFile[Any]"
Named: TypeAlias = tuple[str, str]
"""A dataset's handle, and a path in it."""


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


def open_file(
    datasets: Datasets,
    storage_options: Mapping[str, Any],
    dataset_id: str,
    path: StrPath,
    mode: str,
    options: Mapping[str, Any],
) -> OpenFile:
    """Open one file."""
    options = _check_opening(path, mode, options)
    files = datasets.files(dataset_id)
    return open_in(dataset_folder(datasets, storage_options, dataset_id), files, path, mode, options)


async def open_file_async(
    datasets: Datasets,
    storage_options: Mapping[str, Any],
    dataset_id: str,
    path: StrPath,
    mode: str,
    options: Mapping[str, Any],
) -> AsyncOpenFile:
    """Open one file; its methods are awaited, and run on threads."""
    from anyio import wrap_file  # noqa: PLC0415  # keeps anyio's files away from who opens none

    work = partial(open_file, datasets, storage_options, dataset_id, path, mode, options)
    # Before the network, as in the sync client.
    _check_opening(path, mode, options)
    return wrap_file(await asyncio.to_thread(work))


def open_in(
    folder: DirFileSystem, files: DatasetFiles, path: StrPath, mode: str, options: Mapping[str, Any]
) -> OpenFile:
    """Open one file of a dataset; the datastore is asked first whether it may be written.

    Args:
        folder: The dataset as a file system.
        files: The dataset's files.
        path: The path within the dataset.
        mode: As for :func:`open`.
        options: Checked options; see :func:`provena_sdk.filesystem.open_file.options.checked_options`.
    """
    plain = checked(path)
    if not plain or plain.endswith("/"):
        raise not_a_file(plain, files.location.dataset_id)
    if "r" not in mode:
        check_writable(plain, files.location.dataset_id)
        run_sync(files.ask_to_write())
    opened: OpenFile = folder.open(plain, mode, **options)
    return opened


def open_s3fs(
    datasets: Datasets, dataset_id: str, access: str, asynchronous: bool | None = None
) -> S3FileSystem:
    """Return s3fs's own file system on a dataset's bucket."""
    if access not in [*Access]:
        raise InvalidArgument("access", f"must be 'read' or 'write', not {access!r}.")
    from provena_sdk.datasets.s3fs import s3fs_of  # noqa: PLC0415  # keeps botocore away

    files = datasets.files(dataset_id).for_access(Access(access))
    if files.access is Access.WRITE:
        run_sync(files.ask_to_write())
    return s3fs_of(files, asynchronous=bool(asynchronous))


async def open_s3fs_async(
    datasets: Datasets, dataset_id: str, access: str, asynchronous: bool | None = None
) -> S3FileSystem:
    """Return s3fs's own file system on a dataset's bucket, whose coroutines are awaited."""
    return await asyncio.to_thread(open_s3fs, datasets, dataset_id, access, asynchronous is not False)


async def preview(
    datasets: Datasets, storage_options: Mapping[str, Any], dataset_id: str, path: StrPath, rows: int
) -> Preview:
    """Read what is in a file."""
    from provena_sdk.preview import check_rows, read_preview  # noqa: PLC0415  # keeps the formats away

    plain = checked(path)
    check_rows(rows)
    files = await _files(datasets, dataset_id)
    if not plain:
        raise not_a_file(plain, files.location.dataset_id)
    folder = dataset_folder(datasets, storage_options, files.location.dataset_id)
    return await asyncio.to_thread(read_preview, folder, plain, rows)


async def list_files(datasets: Datasets, dataset_id: str, path: StrPath = "") -> FileList:
    """List the files that a path names; all of the dataset if it is empty."""
    plain = checked(path)
    return await listing.list_files(await _readable(datasets, dataset_id), plain)


def file_pages(datasets: Datasets, dataset_id: str, path: StrPath = "") -> listing.FilePages:
    """List the files that a path names page by page. Nothing is sent yet."""
    return listing.FilePages(partial(_readable, datasets, dataset_id), checked(path))


async def plan_download(
    datasets: Datasets,
    dataset_id: str,
    destination: StrPath,
    path: str,
    name: str,
    choice: Choice,
    options: TransferOptions,
    meter: Meter,
) -> DownloadPlan:
    """Plan a download."""
    check = partial(_check_download, "path", path, name, destination)
    files = await _files(datasets, dataset_id, check)
    options = options.limited_as(datasets.limits)
    with _ended(meter):
        return await planner.plan_download(
            files, destination, path=path, name=name, choice=choice, options=options, meter=meter
        )


async def plan_upload(
    datasets: Datasets,
    dataset_id: str,
    source: Sources,
    path: str,
    choice: Choice,
    options: TransferOptions,
    meter: Meter,
) -> UploadPlan:
    """Plan an upload."""
    source = reusable(source)
    files = await _files(datasets, dataset_id, partial(_check_upload, source, path))
    options = options.limited_as(datasets.limits)
    with _ended(meter):
        return await planner.plan_upload(
            files, source, path=path, choice=choice, options=options, meter=meter
        )


async def verify(
    datasets: Datasets,
    dataset_id: str,
    directory: StrPath,
    path: str,
    selection: Selection,
    options: TransferOptions,
    meter: Meter,
) -> Verification:
    """Compare a local folder with a dataset."""

    def check() -> None:
        checked(path)
        existing_folder("directory", directory)

    files = await _files(datasets, dataset_id, check)
    with _ended(meter):
        return await planner.verify_folder(
            files, directory, path=path, selection=selection, options=options, meter=meter
        )


async def load_plan(
    datasets: Datasets, dataset_id: str | None, file: StrPath, directory: StrPath | None
) -> DownloadPlan | UploadPlan:
    """Read a plan from a file."""
    saved = await asyncio.to_thread(read_plan, file, directory)
    if dataset_id is not None and datasets.handle(dataset_id) != saved.dataset_id:
        raise InvalidArgument("file", f"is a plan for dataset {saved.dataset_id}, not {dataset_id}.")
    files = await _files(datasets, saved.dataset_id, partial(check_folder, saved))
    return await asyncio.to_thread(planner.restored, saved, files)


def of_client(plan: TransferPlan, download: type[D], upload: type[U]) -> D | U:
    """Return a plan as one of the sync or the async client.

    Args:
        plan: The plan.
        download: The client's class for downloads.
        upload: The client's class for uploads.
    """
    return download.of(plan) if plan.transfer == "download" else upload.of(plan)


async def download(
    datasets: Datasets,
    dataset_id: str,
    destination: StrPath,
    path: str,
    choice: Choice,
    options: TransferOptions,
    run: RunOptions,
) -> TransferReport:
    """Download a file, a folder, or everything."""
    check = partial(_check_download, "s3_path", path, "", destination)
    files = await _files(datasets, dataset_id, check)
    options = options.limited_as(datasets.limits)
    with _ended(run.meter):
        try:
            plan = await planner.plan_download(
                files, destination, path=path, choice=choice, options=options, meter=run.meter
            )
        except DatasetFileNotFound as error:
            if await asyncio.to_thread(os.path.isdir, path):
                error.hint = "It is a folder on this machine: were the path and the destination swapped?"
            raise
        return await plan.execute(run)


async def upload(
    datasets: Datasets,
    dataset_id: str,
    source: Sources,
    path: str,
    choice: Choice,
    options: TransferOptions,
    run: RunOptions,
) -> TransferReport:
    """Upload a folder, or files of one."""
    source = reusable(source)
    files = await _files(datasets, dataset_id, partial(_check_upload, source, path))
    options = options.limited_as(datasets.limits)
    with _ended(run.meter):
        plan = await planner.plan_upload(
            *(files, source), path=path, choice=choice, options=options, meter=run.meter, access=Access.WRITE
        )
        return await UploadRunner(files, fresh=True)(plan, run)


async def copy(datasets: Datasets, source: Named, target: Named, **options: bool) -> TransferReport:
    """Copy a file or a folder; see :func:`_rearranged`."""
    return await _rearranged(in_store.copy_files, datasets, source, target, **options)


async def move(datasets: Datasets, source: Named, target: Named, **options: bool) -> TransferReport:
    """Move a file or a folder; see :func:`_rearranged`."""
    return await _rearranged(in_store.move_files, datasets, source, target, **options)


async def delete(
    datasets: Datasets,
    dataset_id: str,
    paths: StrPath | Iterable[StrPath],
    *,
    raise_for_failures: bool,
) -> TransferReport:
    """Delete files."""
    given = [paths] if isinstance(paths, str | os.PathLike) else [*paths]
    plain = [os.fspath(path).removeprefix("/") for path in given]
    in_store.check_paths(plain, dataset_id)
    files = await _files(datasets, dataset_id)
    return _raised(await in_store.delete_files(files, plain), dataset_id, raise_for_failures)


async def _rearranged(
    work: Callable[[DatasetFiles, DatasetFiles, Copying], Awaitable[TransferReport]],
    datasets: Datasets,
    source: Named,
    target: Named,
    *,
    replace: bool,
    dry_run: bool,
    raise_for_failures: bool,
) -> TransferReport:
    """Copy or move what a path in one dataset names to a path in another one, or in the same."""
    copying = Copying(
        checked(source[1], argument="source"), checked(target[1], argument="target"), replace, dry_run
    )
    to = datasets.handle(target[0], argument="to")
    report = await work(await _files(datasets, source[0]), await _files(datasets, to), copying)
    return _raised(report, source[0], raise_for_failures)


def _raised(report: TransferReport, dataset_id: str, raise_for_failures: bool) -> TransferReport:
    if raise_for_failures:
        try:
            report.raise_for_failures()
        except TransferFailed as failure:
            failure.complete(dataset_id=dataset_id)
            raise
    return report


@contextmanager
def _ended(meter: Meter) -> Iterator[None]:
    """End the meter, however the work ends; the end that a run reported first stays."""
    try:
        yield
    finally:
        meter.finish(None)


async def _readable(datasets: Datasets, dataset_id: str) -> DatasetFiles:
    return (await _files(datasets, dataset_id)).for_access(Access.READ)


async def _files(
    datasets: Datasets, dataset_id: str, check: Callable[[], object] | None = None
) -> DatasetFiles:
    """Check the arguments, then find the dataset's files."""
    dataset_id = datasets.handle(dataset_id)
    if check is not None:
        # It looks at local files, which may take time.
        await asyncio.to_thread(check)
    return await on_thread(datasets.files, dataset_id)


def _check_opening(path: StrPath, mode: str, options: Mapping[str, Any]) -> dict[str, Any]:
    checked(path)
    return checked_options(mode, options)


def _check_download(argument: str, path: StrPath, name: str, destination: StrPath) -> None:
    checked(path, argument=argument)
    checked_name(name)
    destination_folder(destination)


def _check_upload(source: Sources, path: StrPath) -> None:
    checked(path)
    source_of(source)
