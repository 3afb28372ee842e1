"""Copying single files between a dataset and this machine, verified like those of a transfer of many."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from provena_sdk.datasets.entries import Entry
from provena_sdk.datasets.files import DatasetFiles, not_a_file
from provena_sdk.datasets.paths import check_not_reserved
from provena_sdk.filesystem.open_file.file import already_there
from provena_sdk.s3.models import FileInfo
from provena_sdk.transfer.download import download_file
from provena_sdk.transfer.items import Download, Upload
from provena_sdk.transfer.scheduler import Scheduler
from provena_sdk.transfer.upload import upload_file

# For what a store states no time of.
_LONG_AGO: Final = datetime.fromtimestamp(0, UTC)


class LocalCopies:
    """Copies single files; all copies together stay within one budget of memory. It runs on fsspec's I/O thread.

    Args:
        files: The dataset.
    """

    def __init__(self, files: DatasetFiles) -> None:
        self.files = files
        self._scheduler = Scheduler(files)
        self._downloads = 0

    async def upload(self, source: Path, size: int, path: str, *, new: bool = False) -> None:
        """Send a local file.

        Args:
            source: The file.
            size: Its size in bytes.
            path: The path within the dataset.
            new: Whether there must be no such file yet.

        Raises:
            DatasetFileExists: There is such a file, and it was to be new.
            ServiceFileRefused: ``metadata.json`` at the root may not be written.
            IntegrityError: The local file changed while it was sent.
        """
        self.files.check_file(path)
        if new and await self.files.exists(path):
            raise already_there(path, self.files.location.dataset_id)
        await upload_file(self._scheduler, Upload(source, path, size))

    async def download(
        self, path: str, target: Path, *, entry: Entry | None = None, within: Path | None = None
    ) -> None:
        """Fetch a file. It has its local name only once it is there as a whole, and verified.

        Args:
            path: The path within the dataset.
            target: The local file; it is replaced. Folders above it are made.
            entry: The file's entry, when it is known; a stale one costs one more request.
            within: A folder above the local file that no link below it may lead out of; None means its own folder.

        Raises:
            DatasetFileNotFound: There is no such file.
            IntegrityError: It was replaced, or damaged on the way, again and again.
            UnsafePath: The SDK gives such names to its own temporary files, or a link leads out of the folder.
        """
        root = target.parent if within is None or within not in target.parents else within
        local = target.relative_to(root).as_posix()
        check_not_reserved(path)
        check_not_reserved(local)
        found = entry if entry is not None else await self.files.info(path)
        if found["type"] != "file":
            raise not_a_file(path, self.files.location.dataset_id)
        info = FileInfo(path, found["size"], found["ETag"], found["LastModified"] or _LONG_AGO)
        await asyncio.to_thread(root.mkdir, parents=True, exist_ok=True)
        self._downloads += 1
        try:
            await download_file(self._scheduler, Download(info, local), root)
        finally:
            self._downloads -= 1
            if not self._downloads:
                self._scheduler.close_folders()
