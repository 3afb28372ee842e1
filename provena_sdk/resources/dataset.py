"""One dataset, worked on without naming it again."""

from __future__ import annotations

from typing import Any

from provena_api.models import (
    CredentialResponse,
    RegistryFetchResponse,
    StatusResponse,
    UpdateMetadataResponse,
    VersionResponse,
)

from provena_sdk.files.location import FileInfo
from provena_sdk.files.report import TransferReport
from provena_sdk.operations import arguments, datastore
from provena_sdk.operations.arguments import MetadataSource
from provena_sdk.resources.file_access import OpenFile, StrPath
from provena_sdk.resources.io import IOSubModule
from provena_sdk.transport.http import Transport


class InteractiveDataset:
    """One dataset, as ``provena.datastore.interactive_dataset(handle)`` gives it.

    Attributes:
        dataset_id: Its handle.
        io: Files of any dataset.
    """

    def __init__(self, dataset_id: str, transport: Transport, io: IOSubModule) -> None:
        self.dataset_id = arguments.handle("dataset_id", dataset_id)
        self.io = io
        self._transport = transport

    def __repr__(self) -> str:
        return f"<InteractiveDataset {self.dataset_id}>"

    def fetch_dataset(self) -> RegistryFetchResponse:
        """Fetch its item: metadata, owner, history, versions and place of its files.

        Returns:
            The item, your roles on it, and whether it is locked.

        Raises:
            DatasetNotFound: There is no such dataset.
            DatasetAccessDenied: It is private to others.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> reef.fetch_dataset().item.display_name
            'Alpha reef survey'
        """
        return self._transport.run(datastore.fetch_dataset("dataset_id", self.dataset_id))

    def update_metadata(self, reason: str, metadata_payload: MetadataSource) -> UpdateMetadataResponse:
        """Replace its metadata; the former state stays in its history.

        Args:
            reason: Why, for the history; must not be empty.
            metadata_payload: All of its new metadata: a ``CollectionFormat``, a dict, the path of a JSON file, or a
                pydantic object.

        Returns:
            The handle and the place of its files.

        Raises:
            InvalidArgument: The reason or the metadata is malformed.
            DatasetAccessDenied: It belongs to somebody else.
            DatasetLocked: It is locked.
            BadRequest: The metadata contradicts itself.
            OutcomeUnknown: The service failed; the change may have been made all the same.
        """
        return self._transport.run(datastore.update_metadata(self.dataset_id, reason, metadata_payload))

    def revert_dataset_metadata(self, history_id: int, reason: str) -> StatusResponse:
        """Bring back an earlier state of its metadata.

        Args:
            history_id: Number of the state, as in the item's ``history``.
            reason: Why, for the history; must not be empty.

        Returns:
            The service's message.

        Raises:
            InvalidArgument: The number is negative, or the reason is empty.
            BadRequest: There is no such state.
            DatasetAccessDenied: It belongs to somebody else.
            DatasetLocked: It is locked.
            OutcomeUnknown: The service failed; the change may have been made all the same.
        """
        return self._transport.run(
            datastore.revert_metadata(None, id=self.dataset_id, history_id=history_id, reason=reason)
        )

    def version(self, reason: str) -> VersionResponse:
        """Make a new version of it: a new handle, owned by you, not released, with an empty place for files.

        Args:
            reason: Why; must not be empty.

        Returns:
            The new handle.

        Raises:
            InvalidArgument: The reason is empty.
            BadRequest: It is not the newest version.
            DatasetAccessDenied: It belongs to somebody else.
            OutcomeUnknown: The service failed, or its answer was lost: a version may exist all the same.
        """
        return self._transport.run(datastore.version_dataset(None, id=self.dataset_id, reason=reason))

    def generate_read_access_credentials(self, console_session_required: bool = False) -> CredentialResponse:
        """Get temporary keys that read its files. The file methods do this by themselves.

        Args:
            console_session_required: True for a link to the store's web console as well.

        Returns:
            The keys, with the time they expire. They are left out of its repr.

        Raises:
            DatasetAccessDenied: You may not read its files.
        """
        return self._transport.run(
            datastore.read_credentials(
                None, dataset_id=self.dataset_id, console_session_required=console_session_required
            )
        )

    def generate_write_access_credentials(self, console_session_required: bool = False) -> CredentialResponse:
        """Get temporary keys that read and write its files. The file methods do this by themselves.

        Args:
            console_session_required: True for a link to the store's web console as well.

        Returns:
            The keys, with the time they expire. They are left out of its repr.

        Raises:
            DatasetAccessDenied: You may not write its files.
            DatasetLocked: It is locked.
            Forbidden: A release is pending or done.
        """
        return self._transport.run(
            datastore.write_credentials(
                None, dataset_id=self.dataset_id, console_session_required=console_session_required
            )
        )

    def presigned_url(self, file_path: str, expires_in: int = datastore.DEFAULT_EXPIRY) -> str:
        """Get a URL that gives one of its files to whoever holds it, without signing in. Treat it as a secret.

        Args:
            file_path: Path of the file in the dataset.
            expires_in: Seconds it lives, between 1 and 86,400.

        Returns:
            The URL.

        Raises:
            InvalidArgument: The path holds ``..``, ``//`` or a backslash, or the time is out of range.
            FileNotInDataset: There is no such file.
            DatasetAccessDenied: You may not read the dataset's files.
        """
        answer = self._transport.run(
            datastore.presigned_url(
                None, dataset_id=self.dataset_id, file_path=file_path, expires_in=expires_in
            )
        )
        return answer.presigned_url

    def list_files(self) -> list[FileInfo]:
        """List its files.

        Returns:
            Path-like objects with size and time, sorted by path.

        Raises:
            DatasetAccessDenied: You may not read its files.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> [file.path for file in reef.list_files()]
            ['metadata.json', 'obs/2024.csv']
        """
        return self.io.list_all_files(self.dataset_id)

    def open(self, path: str, mode: str = "rb", **options: Any) -> OpenFile:
        r"""Open one of its files as a file object.

        Args:
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

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> with reef.open("obs/2024.csv", "r") as file:
            ...     file.readline()
            'day,temperature\n'
        """
        return self.io.open(self.dataset_id, path, mode, **options)

    def download_all_files(self, destination_directory: StrPath) -> TransferReport:
        """Download all of its files into a folder, each checked before it takes its name.

        Args:
            destination_directory: The folder; made when it does not exist.

        Returns:
            What became of each file.

        Raises:
            TransferFailed: Some files failed or were refused; its ``report`` lists every file.
            DatasetAccessDenied: You may not read its files.
        """
        return self.io.download_all_files(destination_directory, self.dataset_id)

    def download_specific_file(self, s3_path: str, destination_directory: StrPath) -> TransferReport:
        """Download one file, or one folder, into a folder.

        Args:
            s3_path: Path in the dataset. A file is written under its own name; a folder without a slash at its end
                keeps its name below the destination; a folder with one gives its contents.
            destination_directory: The folder; made when it does not exist.

        Returns:
            What became of each file.

        Raises:
            DatasetFileNotFound: The dataset holds neither such a file nor such a folder.
            TransferFailed: Some files failed or were refused.
        """
        return self.io.download_specific_file(self.dataset_id, s3_path, destination_directory)

    def upload_all_files(self, source_directory: StrPath) -> TransferReport:
        """Upload a folder's files to the same paths in the dataset.

        Files of the same paths are replaced, and all others stay: nothing is deleted, and uploading again after a
        failure is safe. A folder without files leaves no trace, since the store knows files only.

        Args:
            source_directory: The folder.

        Returns:
            What became of each file. ``metadata.json`` at the folder's root is skipped: the service keeps its own.

        Raises:
            InvalidArgument: There is no such folder.
            TransferFailed: Some files failed or were refused.
            DatasetAccessDenied: You may not write its files.
            Forbidden: A release is pending or done.
        """
        return self.io.upload_all_files(source_directory, self.dataset_id)
