"""Copies of single files between a dataset and this machine, verified like a transfer of many files."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from provena_sdk.datasets.entries import Entry
from provena_sdk.datasets.files import DatasetFiles, not_a_file
from provena_sdk.datasets.paths import check_not_reserved
from provena_sdk.filesystem.open_file.file import already_exists
from provena_sdk.s3.models import FileInfo
from provena_sdk.transfer.download import download_file
from provena_sdk.transfer.scheduler import Scheduler
from provena_sdk.transfer.spec.items import Download, Upload
from provena_sdk.transfer.upload import upload_file

# For files whose time the store does not give.
_NO_TIME: Final = datetime.fromtimestamp(0, UTC)


class LocalCopies:
    """Copies single files, all within one memory budget. Runs on fsspec's I/O thread.

    Args:
        files: The dataset.
    """

    def __init__(self, files: DatasetFiles) -> None:
        self.files = files
        self._scheduler = Scheduler(files)
        self._downloads = 0

    async def upload(self, source: Path, size: int, path: str, *, new: bool = False) -> None:
        """Upload a local file.

        Args:
            source: The file.
            size: Its size in bytes.
            path: The path within the dataset.
            new: Whether to fail if the file exists.

        Raises:
            DatasetFileExists: The file exists, and ``new`` is True.
            ServiceFileRefused: The path is ``metadata.json`` at the root, which only the service writes.
            IntegrityError: The local file changed during the upload.
        """
        self.files.check_file(path)
        if new and await self.files.exists(path):
            raise already_exists(path, self.files.location.dataset_id)
        await upload_file(self._scheduler, Upload(source, path, size))

    async def download(
        self, path: str, target: Path, *, entry: Entry | None = None, within: Path | None = None
    ) -> None:
        """Download a file. It gets its local name once it is complete and verified.

        Args:
            path: The path within the dataset.
            target: The local file; it is replaced. Missing folders above it are created.
            entry: The file's entry, if known; an outdated one costs one more request.
            within: A folder above the local file that symbolic links must not lead out of; None means its own folder.

        Raises:
            DatasetFileNotFound: The file does not exist.
            IntegrityError: The file was replaced during the download, or arrived damaged, several times.
            UnsafePath: The name is reserved for the SDK's temporary files, or a link leads out of the folder.
        """
        root = target.parent if within is None or within not in target.parents else within
        local = target.relative_to(root).as_posix()
        check_not_reserved(path)
        check_not_reserved(local)
        found = entry if entry is not None else await self.files.info(path)
        if found["type"] != "file":
            raise not_a_file(path, self.files.location.dataset_id)
        info = FileInfo(path, found["size"], found["ETag"], found["LastModified"] or _NO_TIME)
        await asyncio.to_thread(root.mkdir, parents=True, exist_ok=True)
        self._downloads += 1
        try:
            await download_file(self._scheduler, Download(info, local), root)
        finally:
            self._downloads -= 1
            if not self._downloads:
                self._scheduler.close_folders()
