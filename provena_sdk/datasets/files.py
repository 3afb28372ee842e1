"""One dataset's files, for blocking and for async callers."""

from __future__ import annotations

import builtins
import os
import threading
from typing import IO, TYPE_CHECKING, Any

from provena_sdk.concurrency.fork import HomeProcess
from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.datasets.credentials import Access, CredentialsSource
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.datasets.paths import checked
from provena_sdk.datasets.service_file import check_writable
from provena_sdk.errors import DatasetFileNotFound
from provena_sdk.filesystem.open_file.options import checked_options
from provena_sdk.s3.models import FileInfo, StoreAddress
from provena_sdk.transfer.options import CONCURRENCY, Choice, RunOptions, TransferOptions
from provena_sdk.transfer.plan import DownloadPlan, UploadPlan
from provena_sdk.transfer.report import TransferReport

if TYPE_CHECKING:
    from provena_sdk.datasets.store import DatasetFileSystem, DatasetStore


class DatasetFiles:
    """The files of one dataset: list, download, upload, open.

    Methods without an underscore block; they work inside a running event loop and from any number of threads.
    Their twins with an underscore are coroutines for fsspec's I/O thread: await them by
    :func:`provena_sdk.concurrency.io_thread.on_io_thread`. Credentials are asked for when they are first needed.

    Args:
        location: Where the files lie.
        credentials: Where credentials come from.
        address: How the object store is reached.
        concurrency: The most requests at once.
    """

    def __init__(
        self,
        location: DatasetLocation,
        credentials: CredentialsSource,
        address: StoreAddress,
        *,
        concurrency: int = CONCURRENCY,
    ) -> None:
        self._options = TransferOptions(concurrency=concurrency)
        self.location = location
        self._credentials = credentials
        self._address = address
        self._reset()

    def _reset(self) -> None:
        self._process = HomeProcess()
        self._lock = threading.Lock()
        self._filesystems: dict[Access, DatasetFileSystem] = {}

    def __repr__(self) -> str:
        return f"<DatasetFiles {self.location.dataset_id}>"

    def __getstate__(self) -> dict[str, Any]:
        kept = ("location", "_credentials", "_address", "_options")
        return {name: self.__dict__[name] for name in kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._reset()

    def filesystem(self, access: Access = Access.READ) -> DatasetFileSystem:
        """Return the dataset as an fsspec file system, its paths beginning at the dataset's root.

        Args:
            access: Whether files may be written.
        """
        from provena_sdk.datasets.store import DatasetFileSystem

        if not self._process.is_here:
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
            options: Further options, such as ``encoding``, ``content_type`` or ``block_size`` in bytes; see
                :func:`provena_sdk.filesystem.open_file.options.checked_options`.

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
        options = checked_options(mode, options)
        writing = "r" not in mode
        if not plain or plain.endswith("/"):
            from provena_sdk.filesystem.open_file.file import not_a_file

            raise not_a_file(plain, self.location.dataset_id)
        if writing:
            check_writable(plain, self.location.dataset_id)
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

    def plan_download(
        self,
        destination_directory: str | os.PathLike[str],
        *,
        path: str | os.PathLike[str] = "",
        choice: Choice | None = None,
        options: TransferOptions | None = None,
    ) -> DownloadPlan:
        """Work out what a download is going to do; see :func:`provena_sdk.transfer.planner.plan_download`.

        Args:
            destination_directory: The folder to fill; it need not exist.
            path: What to fetch, as for :meth:`download_specific`.
            choice: Which files are meant; None means all, compared by checksum.
            options: How the download will be carried out.
        """
        return run_sync(self._plan_download(destination_directory, path=path, choice=choice, options=options))

    def plan_upload(
        self,
        source_directory: str | os.PathLike[str],
        *,
        choice: Choice | None = None,
        options: TransferOptions | None = None,
    ) -> UploadPlan:
        """Work out what an upload is going to do; see :func:`provena_sdk.transfer.planner.plan_upload`.

        Args:
            source_directory: The folder whose contents become the dataset's.
            choice: Which files are meant; None means all, compared by checksum.
            options: How the upload will be carried out.
        """
        return run_sync(self._plan_upload(source_directory, choice=choice, options=options))

    def download_all(
        self,
        destination_directory: str | os.PathLike[str],
        *,
        raise_for_failures: bool = True,
        options: TransferOptions | None = None,
    ) -> TransferReport:
        """Download every file of the dataset that is not in the folder already.

        Args:
            destination_directory: The folder to fill; made if it is missing. Files of the same name are replaced.
            raise_for_failures: Whether to raise at the end when any file failed.
            options: How to carry it out.

        Returns:
            The outcome of each file.

        Raises:
            TransferFailed: Some files failed or were refused; the others are in place.
            NotEnoughSpace: The disk has no room for the files; nothing was fetched.
            InvalidArgument: The destination is no folder.
        """
        return self.download_specific(
            "", destination_directory, raise_for_failures=raise_for_failures, options=options
        )

    def download_specific(
        self,
        path: str | os.PathLike[str],
        destination_directory: str | os.PathLike[str],
        *,
        raise_for_failures: bool = True,
        options: TransferOptions | None = None,
    ) -> TransferReport:
        """Download one file or one folder.

        Args:
            path: A file, which goes into the destination by its own name; a folder without a slash at its end,
                which keeps its name below the destination; or a folder with a slash at its end, whose contents
                go straight into the destination. Of a file and a folder with one name, the file is meant.
            destination_directory: The folder to fill; made if it is missing. Files of the same name are replaced.
            raise_for_failures: Whether to raise at the end when any file failed.
            options: How to carry it out.

        Returns:
            The outcome of each file.

        Raises:
            DatasetFileNotFound: The path is neither; the hint names what comes near.
            UnsafePath: The path would leave the dataset.
            TransferFailed: Some files failed or were refused; the others are in place.
            NotEnoughSpace: The disk has no room for the files; nothing was fetched.
            InvalidArgument: The destination is no folder.
        """
        run = RunOptions(raise_for_failures=raise_for_failures)
        return run_sync(self._download(destination_directory, run, path=path, options=options))

    def upload_all(
        self,
        source_directory: str | os.PathLike[str],
        *,
        raise_for_failures: bool = True,
        options: TransferOptions | None = None,
    ) -> TransferReport:
        """Upload everything below a folder that the dataset does not hold already; files of the same name are replaced.

        ``metadata.json`` at the folder's root is skipped, since that of the dataset belongs to the service. Links
        are followed while they stay in the folder.

        Args:
            source_directory: The folder whose contents become the dataset's.
            raise_for_failures: Whether to raise at the end when any file failed.
            options: How to carry it out.

        Returns:
            The outcome of each file.

        Raises:
            InvalidArgument: The source is no folder; nothing was sent.
            TransferFailed: Some files failed or were refused; the others are in place.
        """
        run = RunOptions(raise_for_failures=raise_for_failures)
        return run_sync(self._upload(source_directory, run, options=options))

    def close(self) -> None:
        """Close the connections. A later call opens new ones."""
        # Connections made before a fork belong to the parent.
        if self._filesystems and self._process.is_here:
            run_sync(self._close())

    async def _list(self) -> builtins.list[FileInfo]:
        from provena_sdk.datasets.listing import list_files

        return await list_files(self._store(Access.READ))

    async def _exists(self, path: str | os.PathLike[str]) -> bool:
        from provena_sdk.datasets.listing import each_entry, look_up

        store, plain = self._store(Access.READ), checked(path)
        if not plain:
            return True
        if not plain.endswith("/") and await look_up(store, plain) is not None:
            return True
        async for _ in each_entry(store, plain.removesuffix("/") + "/"):
            return True
        return False

    async def _missing(self, path: str) -> DatasetFileNotFound:
        from provena_sdk.datasets.listing import not_found

        return await not_found(self._store(Access.READ), path)

    async def _plan_download(
        self,
        destination_directory: str | os.PathLike[str],
        *,
        path: str | os.PathLike[str] = "",
        choice: Choice | None = None,
        options: TransferOptions | None = None,
    ) -> DownloadPlan:
        from provena_sdk.transfer.planner import plan_download

        return await plan_download(
            self,
            destination_directory,
            path=path,
            choice=choice or Choice(),
            options=options or self._options,
        )

    async def _plan_upload(
        self,
        source_directory: str | os.PathLike[str],
        *,
        choice: Choice | None = None,
        options: TransferOptions | None = None,
    ) -> UploadPlan:
        from provena_sdk.transfer.planner import plan_upload

        return await plan_upload(
            self, source_directory, choice=choice or Choice(), options=options or self._options
        )

    async def _download(
        self,
        destination_directory: str | os.PathLike[str],
        run: RunOptions,
        *,
        path: str | os.PathLike[str] = "",
        choice: Choice | None = None,
        options: TransferOptions | None = None,
    ) -> TransferReport:
        plan = await self._plan_download(destination_directory, path=path, choice=choice, options=options)
        return await plan.execute(run)

    async def _upload(
        self,
        source_directory: str | os.PathLike[str],
        run: RunOptions,
        *,
        choice: Choice | None = None,
        options: TransferOptions | None = None,
    ) -> TransferReport:
        from provena_sdk.transfer.planner import plan_upload
        from provena_sdk.transfer.runner import UploadRunner

        plan = await plan_upload(
            self,
            source_directory,
            choice=choice or Choice(),
            options=options or self._options,
            access=Access.WRITE,
        )
        return await UploadRunner(self, fresh=True)(plan, run)

    async def _close(self) -> None:
        with self._lock:
            filesystems = builtins.list(self._filesystems.values())
            self._filesystems.clear()
        for filesystem in filesystems:
            await filesystem.store.close_client()

    def _store(self, access: Access) -> DatasetStore:
        return self.filesystem(access).store

    def list(self) -> builtins.list[FileInfo]:
        """List every file of the dataset, in the order of their keys.

        Returns:
            One path-like :class:`FileInfo` a file. Markers that some tools leave for folders are left out.
        """
        return run_sync(self._list())
