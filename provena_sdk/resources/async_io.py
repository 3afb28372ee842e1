# Written by scripts/twins.py; change the module without "async_" instead.
"""Files of datasets."""

from __future__ import annotations

from typing import Any

from provena_sdk.files.location import FileInfo
from provena_sdk.files.report import TransferReport, shown
from provena_sdk.resources.file_access import AsyncFileAccess, AsyncOpenFile, StrPath


class AsyncIOSubModule:
    """Files of datasets, down and up. Reached as ``provena.datastore.io``.

    Credentials for the object store are asked for and renewed on the way.
    """

    def __init__(self, access: AsyncFileAccess) -> None:
        self._access = access

    async def list_all_files(self, dataset_id: str, print_list: bool = False) -> list[FileInfo]:
        """List a dataset's files.

        Args:
            dataset_id: Handle of the dataset.
            print_list: True to print each path and size as well.

        Returns:
            Path-like objects with size and time, sorted by path.

        Raises:
            InvalidArgument: ``dataset_id`` is no handle.
            DatasetNotFound: There is none.
            DatasetAccessDenied: You may not read its files.

        Example:
            >>> [file.path for file in await provena.datastore.io.list_all_files("10378.1/1900011")]
            ['metadata.json', 'obs/2024.csv']
        """
        files = await self._access.list_files(dataset_id)
        if print_list:
            print(*(f"{file.size:>15,}  {shown(file.path)}" for file in files), sep="\n")  # noqa: T201 reason= it was asked for
        return files

    async def open(self, dataset_id: str, path: str, mode: str = "rb", **options: Any) -> AsyncOpenFile:
        """Open one file of a dataset as a file object.

        Args:
            dataset_id: Handle of the dataset.
            path: Path of the file in the dataset.
            mode: As for Python's own ``open``: ``rb`` or ``r`` to read, ``wb`` or ``w`` to write, ``ab`` or ``a`` to
                go on behind what is there, ``xb`` or ``x`` for a file that must be new.
            options: What fsspec's ``open`` takes besides, such as ``encoding``, ``compression`` or ``block_size``.

        Returns:
            A file object; what is written is visible once it is closed, best by a ``with`` block.

        Raises:
            InvalidArgument: There is no such mode or option.
            DatasetFileNotFound: There is no such file.
            DatasetFileExists: There is such a file, and it must be new.
            NotAFile: The path is a folder.
            ServiceFileRefused: ``metadata.json`` at the root was opened for writing; it belongs to the service.
            DatasetAccessDenied: You may not read, or write, its files.
            Forbidden: It was opened for writing, and a release is pending or done.
        """
        return await self._access.open(dataset_id, path, mode, **options)

    async def download_all_files(self, destination_directory: StrPath, dataset_id: str) -> TransferReport:
        """Download all files of a dataset into a folder, each checked before it takes its name.

        Args:
            destination_directory: The folder; made when it does not exist.
            dataset_id: Handle of the dataset.

        Returns:
            What became of each file.

        Raises:
            InvalidArgument: ``dataset_id`` is no handle, or the destination is a file.
            TransferFailed: Some files failed or were refused; its ``report`` lists every file.
            DatasetAccessDenied: You may not read its files.
        """
        return await self._access.download_all(dataset_id, destination_directory)

    async def download_specific_file(
        self, dataset_id: str, s3_path: str, destination_directory: StrPath
    ) -> TransferReport:
        """Download one file, or one folder, of a dataset into a folder.

        Args:
            dataset_id: Handle of the dataset.
            s3_path: Path in the dataset. A file is written under its own name; a folder without a slash at its end
                keeps its name below the destination; a folder with one gives its contents.
            destination_directory: The folder; made when it does not exist.

        Returns:
            What became of each file.

        Raises:
            InvalidArgument: ``dataset_id`` is no handle, or the destination is a file.
            DatasetFileNotFound: The dataset holds neither such a file nor such a folder.
            TransferFailed: Some files failed or were refused.
        """
        return await self._access.download(dataset_id, s3_path, destination_directory)

    async def upload_all_files(self, source_directory: StrPath, dataset_id: str) -> TransferReport:
        """Upload a folder's files to the same paths in a dataset.

        Files of the same paths are replaced, and all others stay: nothing is deleted, and uploading again after a
        failure is safe. A folder without files leaves no trace, since the store knows files only.

        Args:
            source_directory: The folder.
            dataset_id: Handle of the dataset.

        Returns:
            What became of each file. ``metadata.json`` at the folder's root is skipped: the service keeps its own.

        Raises:
            InvalidArgument: ``dataset_id`` is no handle, or there is no such folder.
            TransferFailed: Some files failed or were refused.
            DatasetAccessDenied: You may not write its files.
            Forbidden: A release is pending or done.
        """
        return await self._access.upload_all(dataset_id, source_directory)
