"""One dataset's files without a client, for sync callers."""

from __future__ import annotations

import os
import uuid
from typing import IO, Any

from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.datasets.credentials import Access, CredentialsSource
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.datasets.listing import each_entry, list_files, look_up
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.datasets.paths import checked
from provena_sdk.filesystem import ProvenaFileSystem
from provena_sdk.filesystem.dataset_folder import DatasetFolder
from provena_sdk.filesystem.open_file.options import checked_options
from provena_sdk.resources.transfers import open_in
from provena_sdk.s3.models import FileInfo, StoreAddress
from provena_sdk.transfer import planner
from provena_sdk.transfer.plan import DownloadPlan, UploadPlan
from provena_sdk.transfer.progress.meter import Meter
from provena_sdk.transfer.report import TransferReport
from provena_sdk.transfer.runner import UploadRunner
from provena_sdk.transfer.spec.options import Choice, RunOptions, TransferOptions

StrPath = str | os.PathLike[str]


class Dataset(DatasetFiles):
    """What ``provena.datastore.io`` does with one dataset, without a datastore."""

    def __init__(
        self,
        location: DatasetLocation,
        credentials: CredentialsSource,
        address: StoreAddress,
        access: Access = Access.READ,
        *,
        concurrency: int | None = None,
    ) -> None:
        super().__init__(location, credentials, address, access)
        self._options = TransferOptions() if concurrency is None else TransferOptions(concurrency=concurrency)

    def __reduce__(self) -> tuple[object, ...]:
        return Dataset, (self.location, self._credentials, self.address, self.access)

    def filesystem(self, access: Access = Access.READ) -> DatasetFolder:
        """Return the dataset as ``ds.fs``."""
        fs = OneDataset(self, access)
        # Two of them may be of two stores.
        fs._fs_token_ = uuid.uuid4().hex
        return DatasetFolder(self.location.dataset_id, fs, skip_instance_cache=True)

    def open(self, path: StrPath, mode: str = "rb", **options: Any) -> IO[Any]:
        """Open a file as ``ds.open`` does."""
        options = checked_options(mode, options)
        folder = self.filesystem(Access.READ if "r" in mode else Access.WRITE)
        return open_in(folder, self, path, mode, options)

    def list(self) -> list[FileInfo]:
        """List all files."""
        return run_sync(list_files(self.for_access(Access.READ)))

    def exists_(self, path: StrPath) -> bool:
        """Whether there is a file or a folder of this name."""
        return run_sync(self._exists(checked(path)))

    async def _exists(self, path: str) -> bool:
        if not path or (not path.endswith("/") and await look_up(self, path) is not None):
            return True
        async for _ in each_entry(self, path.removesuffix("/") + "/"):
            return True
        return False

    def plan_download(
        self,
        destination: StrPath,
        *,
        path: StrPath = "",
        choice: Choice | None = None,
        options: TransferOptions | None = None,
    ) -> DownloadPlan:
        """Plan a download."""
        choice, options = choice or Choice(), options or self._options
        return run_sync(
            planner.plan_download(self, destination, path=path, choice=choice, options=options, meter=Meter())
        )

    def plan_upload(
        self, source: StrPath, *, choice: Choice | None = None, options: TransferOptions | None = None
    ) -> UploadPlan:
        """Plan an upload."""
        choice, options = choice or Choice(), options or self._options
        return run_sync(planner.plan_upload(self, source, choice=choice, options=options, meter=Meter()))

    def download_all(self, destination: StrPath, **options: Any) -> TransferReport:
        """Download everything."""
        return self.download_specific("", destination, **options)

    def download_specific(
        self,
        path: StrPath,
        destination: StrPath,
        *,
        raise_for_failures: bool = True,
        options: TransferOptions | None = None,
    ) -> TransferReport:
        """Download a file or a folder."""
        run = RunOptions(raise_for_failures=raise_for_failures)
        return run_sync(self.download(destination, run, path=path, options=options))

    def upload_all(
        self,
        source: StrPath,
        *,
        raise_for_failures: bool = True,
        options: TransferOptions | None = None,
    ) -> TransferReport:
        """Upload a folder."""
        run = RunOptions(raise_for_failures=raise_for_failures)
        return run_sync(self.upload(source, run, options=options))

    async def download(
        self,
        destination: StrPath,
        run: RunOptions,
        *,
        path: StrPath = "",
        choice: Choice | None = None,
        options: TransferOptions | None = None,
    ) -> TransferReport:
        """Download a file, a folder, or everything, on the I/O thread."""
        choice, options = choice or Choice(), options or self._options
        plan = await planner.plan_download(
            self, destination, path=path, choice=choice, options=options, meter=run.meter
        )
        return await plan.execute(run)

    async def upload(
        self,
        source: StrPath,
        run: RunOptions,
        *,
        choice: Choice | None = None,
        options: TransferOptions | None = None,
    ) -> TransferReport:
        """Upload a folder, on the I/O thread."""
        choice, options = choice or Choice(), options or self._options
        access = Access.WRITE
        plan = await planner.plan_upload(
            self, source, choice=choice, options=options, meter=run.meter, access=access
        )
        return await UploadRunner(self, fresh=True)(plan, run)


class OneDataset(ProvenaFileSystem):
    """A file system of one dataset, and of none other."""

    cachable = False

    def __init__(self, dataset: Dataset, access: Access) -> None:
        super().__init__(access=str(access))
        self._dataset, self._access_given = dataset, access
        self._known_catalogue = _Catalogue(dataset)  # type: ignore[assignment]  # what is used of one

    def __reduce__(self) -> tuple[object, ...]:
        return OneDataset, (self._dataset, self._access_given)


class _Catalogue:
    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    async def files(self, handle: str, access: Access, *, at_once: bool = False) -> DatasetFiles:
        assert handle == self._dataset.location.dataset_id
        return self._dataset.for_access(access)
