"""One dataset's files, for blocking and for async callers."""

from __future__ import annotations

import asyncio
import builtins
import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from provena_sdk.errors import DatasetFileNotFound, InvalidArgument, UnsafePath
from provena_sdk.files.credentials import Access, CredentialsSource
from provena_sdk.files.io_thread import run_sync
from provena_sdk.files.local import (
    destination_folder,
    ignores_case,
    make_destination,
    scan,
    source_folder,
    sweep,
)
from provena_sdk.files.location import DatasetLocation, FileInfo, StoreAddress
from provena_sdk.files.paths import checked, clashes, is_service_file
from provena_sdk.files.plan import (
    Download,
    DownloadPlan,
    Upload,
    UploadPlan,
    plan_download,
    plan_upload,
    service_file_refusal,
)
from provena_sdk.files.report import FileOutcome, Outcome, TransferReport

if TYPE_CHECKING:
    from provena_sdk.files.filesystem import DatasetFileSystem, DatasetStore

_CONCURRENCY: Final = 32
_OPTIONS: Final = frozenset(
    {"block_size", "cache_options", "cache_type", "compression", "fill_cache", "size"}
)
_TEXT_OPTIONS: Final = frozenset({"encoding", "errors", "newline"})
# The store accepts no smaller part of a file but the last.
_LEAST_WRITTEN: Final = 5 * 1024 * 1024
_MODES: Final = tuple(way + kind for way in "rwax" for kind in ("b", "", "t"))


class DatasetFiles:
    """The files of one dataset: list, download, upload, open.

    Methods without an underscore block; they work inside a running event loop and from any number of threads.
    Their twins with an underscore are coroutines for fsspec's I/O thread: await them by
    :func:`provena_sdk.files.on_io_thread`. Credentials are asked for when they are first needed.

    Args:
        location: Where the files lie.
        credentials: Where credentials come from.
        endpoint_url: The object store's base URL; None means Amazon S3.
        region: Its region; None lets Amazon tell it.
        ca_file: File of the certificate authorities to trust; None means the usual ones.
        concurrency: The most requests at once.
    """

    def __init__(
        self,
        location: DatasetLocation,
        credentials: CredentialsSource,
        *,
        endpoint_url: str | None = None,
        region: str | None = None,
        ca_file: str | None = None,
        concurrency: int = _CONCURRENCY,
    ) -> None:
        if concurrency < 1:
            raise InvalidArgument("concurrency", "at least one request is needed.")
        self.location = location
        self._credentials = credentials
        self._address = StoreAddress(endpoint_url, region, ca_file)
        self._concurrency = concurrency
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._filesystems: dict[Access, DatasetFileSystem] = {}

    def __repr__(self) -> str:
        return f"<DatasetFiles {self.location.dataset_id}>"

    def __getstate__(self) -> dict[str, Any]:
        kept = ("location", "_credentials", "_address", "_concurrency")
        return {name: self.__dict__[name] for name in kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._reset()

    def filesystem(self, access: Access = Access.READ) -> DatasetFileSystem:
        """Return the dataset as an fsspec file system, its paths beginning at the dataset's root.

        Args:
            access: Whether files may be written.
        """
        from provena_sdk.files.filesystem import DatasetFileSystem

        if self._pid != os.getpid():
            # fsspec's event loop stays behind in the parent of a fork.
            self._reset()
        with self._lock:
            found = self._filesystems.get(access)
            if found is None:
                found = self._filesystems[access] = DatasetFileSystem(
                    self.location, access, self._credentials, self._address
                )
            return found

    def open(self, path: str | os.PathLike[str], mode: str = "rb", **options: Any) -> IO[Any]:
        """Open one file for reading or, with ``"wb"`` or ``"w"``, for writing.

        Args:
            path: The path within the dataset.
            mode: As for :func:`open`: ``r``, ``w``, ``a`` to go on behind what is there, or ``x`` for a new file
                only; with ``b`` for bytes. Nothing is both read and written.
            options: Further options of fsspec's ``open``, such as ``encoding`` or ``block_size`` in bytes.

        Returns:
            A file object. What is written reaches the store when it is closed.

        Raises:
            InvalidArgument: There is no such mode or option.
            DatasetFileNotFound: There is no such file to read.
            DatasetFileExists: There is such a file, and the mode is ``x``; this may show on closing only.
            NotAFile: The path is a folder.
            ServiceFileRefused: ``metadata.json`` at the root may not be written.
            UnsafePath: The path would leave the dataset.
        """
        plain = checked(path)
        if mode not in _MODES:
            raise InvalidArgument("mode", f"{mode!r} is none of {', '.join(_MODES)}.")
        _check_options(mode, options)
        writing = "r" not in mode
        if not plain or plain.endswith("/"):
            from provena_sdk.files.file import not_a_file

            raise not_a_file(plain, self.location.dataset_id)
        if writing and is_service_file(plain):
            raise service_file_refusal(self.location.dataset_id)
        if writing:
            run_sync(self._credentials.ask_anew(self.location.dataset_id, Access.WRITE))
        filesystem = self.filesystem(Access.WRITE if writing else Access.READ)
        try:
            return filesystem.open(plain, mode, **options)  # type: ignore[no-any-return]  # fsspec is not typed
        except FileNotFoundError:
            pass
        # Raised here and not above, so that s3fs's own error does not travel along as its context.
        raise run_sync(self._missing(plain))

    def exists(self, path: str | os.PathLike[str]) -> bool:
        """Whether the dataset holds a file or a folder of this name.

        Args:
            path: The path within the dataset.
        """
        return run_sync(self._exists(path))

    def download_all(
        self, destination_directory: str | os.PathLike[str], *, raise_for_failures: bool = True
    ) -> TransferReport:
        """Download every file of the dataset.

        Args:
            destination_directory: The folder to fill; made if it is missing. Files of the same name are replaced.
            raise_for_failures: Whether to raise at the end when any file failed.

        Returns:
            The outcome of each file.

        Raises:
            TransferFailed: Some files failed or were refused; the others are in place.
            InvalidArgument: The destination is no folder.
        """
        return run_sync(self._download_all(destination_directory, raise_for_failures=raise_for_failures))

    def download_specific(
        self,
        path: str | os.PathLike[str],
        destination_directory: str | os.PathLike[str],
        *,
        raise_for_failures: bool = True,
    ) -> TransferReport:
        """Download one file or one folder.

        Args:
            path: A file, which goes into the destination by its own name; a folder without a slash at its end,
                which keeps its name below the destination; or a folder with a slash at its end, whose contents
                go straight into the destination. Of a file and a folder with one name, the file is meant.
            destination_directory: The folder to fill; made if it is missing. Files of the same name are replaced.
            raise_for_failures: Whether to raise at the end when any file failed.

        Returns:
            The outcome of each file.

        Raises:
            DatasetFileNotFound: The path is neither; the hint names what comes near.
            UnsafePath: The path would leave the dataset.
            TransferFailed: Some files failed or were refused; the others are in place.
            InvalidArgument: The destination is no folder.
        """
        return run_sync(
            self._download_specific(path, destination_directory, raise_for_failures=raise_for_failures)
        )

    def upload_all(
        self, source_directory: str | os.PathLike[str], *, raise_for_failures: bool = True
    ) -> TransferReport:
        """Upload everything below a folder; files of the same name are replaced.

        ``metadata.json`` at the folder's root is skipped, since that of the dataset belongs to the service. Links
        are followed while they stay in the folder.

        Args:
            source_directory: The folder whose contents become the dataset's.
            raise_for_failures: Whether to raise at the end when any file failed.

        Returns:
            The outcome of each file.

        Raises:
            InvalidArgument: The source is no folder; nothing was sent.
            TransferFailed: Some files failed or were refused; the others are in place.
        """
        return run_sync(self._upload_all(source_directory, raise_for_failures=raise_for_failures))

    def close(self) -> None:
        """Close the connections. A later call opens new ones."""
        # Connections made before a fork belong to the parent.
        if self._filesystems and self._pid == os.getpid():
            run_sync(self._close())

    async def _list(self) -> builtins.list[FileInfo]:
        from provena_sdk.files.listing import list_files

        return await list_files(self._store(Access.READ))

    async def _exists(self, path: str | os.PathLike[str]) -> bool:
        from provena_sdk.files.listing import each_entry, look_up

        store, plain = self._store(Access.READ), checked(path)
        if not plain:
            return True
        if not plain.endswith("/") and await look_up(store, plain) is not None:
            return True
        async for _ in each_entry(store, plain.removesuffix("/") + "/"):
            return True
        return False

    async def _missing(self, path: str) -> DatasetFileNotFound:
        from provena_sdk.files.listing import not_found

        return await not_found(self._store(Access.READ), path)

    async def _download_all(
        self, destination_directory: str | os.PathLike[str], *, raise_for_failures: bool = True
    ) -> TransferReport:
        return await self._download_specific("", destination_directory, raise_for_failures=raise_for_failures)

    async def _download_specific(
        self,
        path: str | os.PathLike[str],
        destination_directory: str | os.PathLike[str],
        *,
        raise_for_failures: bool = True,
    ) -> TransferReport:
        started = time.monotonic()
        plain = checked(path)
        destination = await asyncio.to_thread(destination_folder, destination_directory)
        files, strip, add = await self._chosen(plain)
        await asyncio.to_thread(make_destination, destination)
        plan = await asyncio.to_thread(_plan, files, strip, add, destination)
        outcomes = await self._fetch(plan, destination)
        return _report(outcomes, started, raise_for_failures=raise_for_failures)

    async def _upload_all(
        self, source_directory: str | os.PathLike[str], *, raise_for_failures: bool = True
    ) -> TransferReport:
        started = time.monotonic()
        folder = await asyncio.to_thread(source_folder, source_directory)
        found = await asyncio.to_thread(scan, folder)
        plan = plan_upload(found.files, prefix=self.location.prefix)
        outcomes = [*found.settled, *await self._send(plan)]
        return _report(outcomes, started, raise_for_failures=raise_for_failures)

    async def _close(self) -> None:
        with self._lock:
            filesystems = builtins.list(self._filesystems.values())
            self._filesystems.clear()
        for filesystem in filesystems:
            await filesystem.store.close_client()

    async def _chosen(self, path: str) -> tuple[builtins.list[FileInfo], str, str]:
        """Find what a path names; return the files, the folder to strip and the folder to add."""
        from provena_sdk.files.listing import each_entry, is_marker, look_up

        store = self._store(Access.READ)
        if path and not path.endswith("/"):
            info = await look_up(store, path)
            if info is not None:
                return [info], path.rpartition("/")[0] + "/" if "/" in path else "", ""
        folder = path.removesuffix("/") + "/" if path else ""
        entries = [info async for info in each_entry(store, folder)]
        if folder and not entries:
            raise await self._missing(path)
        files = [info for info in entries if not is_marker(info)]
        keeps_name = bool(path) and not path.endswith("/")
        return files, folder, path.rpartition("/")[2] + "/" if keeps_name else ""

    async def _fetch(self, plan: DownloadPlan, destination: Path) -> builtins.list[FileOutcome]:
        from provena_sdk.files.download import download_file
        from provena_sdk.files.engine import Engine

        async def fetch(item: Download) -> FileOutcome:
            return await download_file(engine, item, destination)

        def failed(item: Download, error: Exception, seconds: float) -> FileOutcome:
            return _failure(item.info.path, error, seconds, None)

        largest_first = sorted(plan.downloads, key=lambda item: -item.info.size)
        async with Engine(self._store(Access.READ), concurrency=self._concurrency) as engine:
            return [*plan.settled, *await engine.files(largest_first, fetch, failed)]

    async def _send(self, plan: UploadPlan) -> builtins.list[FileOutcome]:
        from provena_sdk.files.engine import Engine
        from provena_sdk.files.upload import upload_file

        async def send(item: Upload) -> FileOutcome:
            return await upload_file(engine, item)

        def failed(item: Upload, error: Exception, seconds: float) -> FileOutcome:
            return _failure(item.path, error, seconds, item.source)

        if plan.uploads:
            # Whether writing is allowed at all is one answer, and not one for each file.
            await self._credentials.ask_anew(self.location.dataset_id, Access.WRITE)
        largest_first = sorted(plan.uploads, key=lambda item: -item.size)
        async with Engine(self._store(Access.WRITE), concurrency=self._concurrency) as engine:
            return [*plan.settled, *await engine.files(largest_first, send, failed)]

    def _store(self, access: Access) -> DatasetStore:
        return self.filesystem(access).store

    def list(self) -> builtins.list[FileInfo]:
        """List every file of the dataset, in the order of their keys.

        Returns:
            One path-like :class:`FileInfo` a file. Markers that some tools leave for folders are left out.
        """
        return run_sync(self._list())


def _check_options(mode: str, options: Mapping[str, object]) -> None:
    """Refuse options that s3fs would take for something else, and leave out in silence."""
    for name in options:
        # The parameters of S3's own operations are written like this one: ContentType.
        if name[:1].islower() and name not in _OPTIONS | _TEXT_OPTIONS:
            known = ", ".join(sorted(_OPTIONS | _TEXT_OPTIONS))
            raise InvalidArgument(name, "there is no such option.", hint=f"There are {known}.")
        if name in _TEXT_OPTIONS and "b" in mode:
            raise InvalidArgument(name, f"mode {mode!r} is for bytes, which have none.")
    size = options.get("block_size")
    least = 1 if "r" in mode else _LEAST_WRITTEN
    if size is not None and (not isinstance(size, int) or size < least):
        raise InvalidArgument("block_size", f"a number of bytes is needed, at least {least:,}.")


def _plan(files: Sequence[FileInfo], strip: str, add: str, destination: Path) -> DownloadPlan:
    targets = [add + info.path.removeprefix(strip) for info in files]
    # Making a file to find out is only worth it when it matters.
    fold = clashes(targets, fold=True) != clashes(targets, fold=False) and ignores_case(destination)
    plan = plan_download(files, strip=strip, add=add, windows=os.name == "nt", fold=fold)
    sweep(destination, (item.target for item in plan.downloads))
    return plan


def _failure(path: str, error: Exception, seconds: float, local: Path | None) -> FileOutcome:
    outcome: Outcome = "refused" if isinstance(error, UnsafePath) else "failed"
    return FileOutcome(path, outcome, seconds=seconds, error=error, local=local)


def _report(outcomes: Sequence[FileOutcome], started: float, *, raise_for_failures: bool) -> TransferReport:
    ordered = tuple(sorted(outcomes, key=lambda outcome: outcome.path))
    report = TransferReport(ordered, seconds=time.monotonic() - started)
    if raise_for_failures:
        report.raise_for_failures()
    return report
