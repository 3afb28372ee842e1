"""One dataset, worked on without naming it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from provena_api.models import (
    CredentialResponse,
    RegistryFetchResponse,
    StatusResponse,
    UpdateMetadataResponse,
    VersionResponse,
)

from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.datasets.file_list import FileList
from provena_sdk.display.notebook import pretty
from provena_sdk.operations import handles
from provena_sdk.operations.arguments import MetadataSource
from provena_sdk.operations.swapped import refuse_swapped_reason
from provena_sdk.paging import Page, Results
from provena_sdk.resources.dataset_transfers import DatasetTransfers
from provena_sdk.resources.files import IOSubModule
from provena_sdk.resources.interactive.contents import DatasetContents
from provena_sdk.resources.interactive.editing import DatasetEditing
from provena_sdk.resources.interactive.export import DatasetExport
from provena_sdk.resources.interactive.properties import DatasetItem
from provena_sdk.resources.interactive.sharing import DatasetSharing
from provena_sdk.resources.interactive.tools import DatasetTools
from provena_sdk.resources.provenance.dataset_lineage import DatasetLineage
from provena_sdk.resources.provenance.jobs import Jobs
from provena_sdk.s3.models import FileInfo
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transport.http import Transport
from provena_sdk.workflows import datastore
from provena_sdk.workflows.provenance.jobs import noted

if TYPE_CHECKING:
    from fsspec.implementations.dirfs import DirFileSystem
    from s3fs import S3FileSystem

    from provena_sdk.resources.transfers import OpenFile, StrPath


@short_tracebacks
class InteractiveDataset(
    DatasetItem,
    DatasetEditing,
    DatasetContents,
    DatasetExport,
    DatasetTransfers,
    DatasetLineage,
    DatasetSharing,
    DatasetTools,
):
    """One dataset, as ``provena.datastore.interactive_dataset(handle)`` gives it.

    Its properties, such as ``name`` and ``history``, are those of the item that was fetched last. The sync client
    fetches it when a property is first read, the async client by ``await ds.refresh()``.

    Attributes:
        dataset_id: Its handle.
        io: Its files.
    """

    io: IOSubModule

    def __init__(self, dataset_id: str, transport: Transport, io: IOSubModule, names: dict[str, str]) -> None:
        self.dataset_id = handles.handle("dataset_id", dataset_id, domain=transport.deployment.domain)
        self.io = io._bound(self.dataset_id)
        self._transport = transport
        self._deployment = transport.deployment
        self._jobs = Jobs(transport)
        self._names = names

    def __repr__(self) -> str:
        return f"<InteractiveDataset {self.dataset_id}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    @property
    def fs(self) -> DirFileSystem:
        """Its files as an fsspec file system, with paths that begin at its root.

        It uses this client's session and connections. Write access is requested only when something is written.

        Example:
            >>> provena.datastore.interactive_dataset("10378.1/1900011").fs
            <DatasetFolder 10378.1/1900011>
        """
        return self.io._folder

    def s3fs(
        self, *, access: Literal["read", "write"] = "read", asynchronous: bool | None = None
    ) -> S3FileSystem:
        """Return s3fs's own file system on its bucket, for libraries that want s3fs itself; else :attr:`fs` is better.

        The paths are those of s3fs, ``bucket/key``; its files lie below ``fetch_dataset().item.s3.s3_uri``. Credentials
        renew themselves. A pickle holds no secret: where it is unpickled, that process's own session or environment
        signs in.

        Args:
            access: ``read``; or ``write``, for which the datastore is asked at once.
            asynchronous: True for one whose coroutines are awaited, as Zarr does; None means as this client is.

        Returns:
            An ``s3fs.S3FileSystem`` that keeps no listings. Its errors are those of s3fs, except that it refuses to
            change ``metadata.json`` at the root.

        Raises:
            InvalidArgument: There is no such access.
            DatasetNotFound: There is no such dataset.
            DatasetAccessDenied: You may not write its files.
            Forbidden: It was asked for to write, and a release is pending or done.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> reef.s3fs().protocol
            ('s3', 's3a')
        """
        return self.io._s3fs(access, asynchronous)

    def fetch_dataset(self) -> RegistryFetchResponse:
        """Fetch its item: metadata, owner, history, versions and place of its files.

        Returns:
            The item, your roles on it, and whether it is locked.

        Raises:
            DatasetNotFound: The dataset does not exist.
            DatasetAccessDenied: It is private to others.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> reef.fetch_dataset().item.display_name
            'Alpha reef survey'
        """
        return self._keep(self._transport.run(datastore.fetch_dataset("dataset_id", self.dataset_id)))

    def update_metadata(self, reason: str, metadata_payload: MetadataSource) -> UpdateMetadataResponse:
        """Replace its metadata; the former state stays in its history.

        Args:
            reason: Why, for the history; must not be empty.
            metadata_payload: All of its new metadata: a ``CollectionFormat``, a dict, a pydantic object, or the path
                of a JSON or YAML file.

        Returns:
            The handle and the place of its files.

        Raises:
            InvalidArgument: The reason or the metadata is malformed.
            NameNotFound: The metadata has a name that no organisation or person has.
            NameAmbiguous: Several have it; the error lists them.
            DatasetAccessDenied: It belongs to somebody else.
            DatasetLocked: It is locked.
            BadRequest: The metadata contradicts itself.
            OutcomeUnknown: The service failed; the change may have been made nevertheless.
        """
        refuse_swapped_reason(self.update_metadata, reason, metadata_payload)
        with self._changing():
            return self._transport.run(datastore.update_metadata(self.dataset_id, reason, metadata_payload))

    def revert_dataset_metadata(self, history_id: int, reason: str) -> StatusResponse:
        """Restore an earlier state of its metadata.

        Args:
            history_id: Number of the state, as in the item's ``history``.
            reason: Why, for the history; must not be empty.

        Returns:
            The service's message.

        Raises:
            InvalidArgument: The number is negative, or the reason is empty.
            BadRequest: The state does not exist.
            DatasetAccessDenied: It belongs to somebody else.
            DatasetLocked: It is locked.
            OutcomeUnknown: The service failed; the change may have been made nevertheless.
        """
        with self._changing():
            return self._transport.run(
                datastore.revert_metadata(None, id=self.dataset_id, history_id=history_id, reason=reason)
            )

    def latest_version(self) -> str:
        """Follow its versions to the newest one; :attr:`versions` lists them all.

        Returns:
            Handle of the newest version; its own when there is no newer one.

        Raises:
            DatasetNotFound: The dataset does not exist.
            DatasetAccessDenied: A version on the way is private to others.

        Example:
            >>> provena.datastore.interactive_dataset("10378.1/1900011").latest_version()
            '10378.1/1900011'
        """
        return self._transport.run(datastore.latest_version("dataset_id", self.dataset_id))

    def version(self, reason: str, *, wait: bool = False) -> VersionResponse:
        """Create a new version of it: a new handle, owned by you, not released and without files.

        Args:
            reason: Why; must not be empty.
            wait: True to return only when the provenance service knows the version, which takes some seconds.

        Returns:
            The new handle.

        Raises:
            InvalidArgument: The reason is empty.
            BadRequest: It is not the newest version.
            DatasetAccessDenied: It belongs to somebody else.
            OutcomeUnknown: The service failed, or its answer was lost: a version may exist nevertheless.
            ConfigurationError: The deployment has no job service to wait for; no version was made.
            JobFailed: The version was made, but its provenance could not be recorded; a note names its handle.
            JobTimedOut: The same, as it takes more than ten minutes.
        """
        if wait:
            # Fails before anything is registered, if there is no such service.
            self._transport.deployment.url_of("job")
        with self._changing():
            answer = self._transport.run(datastore.version_dataset(None, id=self.dataset_id, reason=reason))
        if wait and answer.version_job_session_id:
            with noted(f"Version {answer.new_version_id} was made."):
                self._jobs.wait(answer.version_job_session_id)
        return answer

    def generate_read_access_credentials(self, console_session_required: bool = False) -> CredentialResponse:
        """Get temporary credentials to read its files. The file methods do this for you.

        Args:
            console_session_required: True for a link to the store's web console as well.

        Returns:
            The credentials and when they expire. The repr leaves them out.

        Raises:
            DatasetAccessDenied: You may not read its files.
        """
        return self._transport.run(
            datastore.read_credentials(
                None, dataset_id=self.dataset_id, console_session_required=console_session_required
            )
        )

    def generate_write_access_credentials(self, console_session_required: bool = False) -> CredentialResponse:
        """Get temporary credentials to read and write its files. The file methods do this for you.

        Args:
            console_session_required: True for a link to the store's web console as well.

        Returns:
            The credentials and when they expire. The repr leaves them out.

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
        """Get a URL that lets anyone who has it download one of its files without signing in. Treat it as a secret.

        Args:
            file_path: Path of the file in the dataset.
            expires_in: Seconds it lives, between 1 and 86,400.

        Returns:
            The URL.

        Raises:
            InvalidArgument: The path holds ``..``, ``//`` or a backslash, or the time is out of range.
            FileNotInDataset: The file does not exist.
            DatasetAccessDenied: You may not read the dataset's files.
        """
        answer = self._transport.run(
            datastore.presigned_url(
                None, dataset_id=self.dataset_id, file_path=file_path, expires_in=expires_in
            )
        )
        return answer.presigned_url

    def list_files(self, path: StrPath = "") -> FileList:
        """List its files.

        Args:
            path: A folder, to list the files below it, or a file; empty for all files.

        Returns:
            Path-like objects with size and time, sorted by path: a list that prints as a tree; also ``.folders()`` for
            the size of each folder, ``.tree()`` and ``.to_pandas()``.

        Raises:
            DatasetFileNotFound: It has neither a file nor a folder of that path.
            DatasetAccessDenied: You may not read its files.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> [file.path for file in reef.list_files()]
            ['metadata.json', 'obs/2024.csv']
        """
        found = self.io.list_all_files(self.dataset_id, path=path)
        return found if path else self._count(found)

    def iter_files(self, path: StrPath = "") -> Results[FileInfo]:
        """Iterate over its files, fetching the next page while you work on this one; for datasets of any size.

        The first file is there after one request, and only two pages of a thousand files are held at once.

        Args:
            path: A folder, to list the files below it, or a file; empty for all files.

        Returns:
            An iterator over what ``list_files`` returns, that shows the first files; also ``.first()``, ``.head()``,
            ``.pages()``, ``.all()`` and ``.to_pandas()``.

        Raises:
            DatasetFileNotFound: It has neither a file nor a folder of that path; raised by the first step.
            DatasetAccessDenied: You may not read its files; raised by the first step.

        Example:
            >>> reef = provena.datastore.interactive_dataset("10378.1/1900011")
            >>> [file.path for file in reef.iter_files()]
            ['metadata.json', 'obs/2024.csv']
        """
        pages = self.io._pages(path)

        def fetch(after: object | None) -> Page[FileInfo]:
            return Page(*run_sync(pages.after(str(after or ""))))

        return Results(fetch, self._transport.submit, kind=FileList)

    def open(self, path: str, mode: str = "rb", **options: Any) -> OpenFile:
        r"""Open one of its files as a file object.

        Args:
            path: Path of the file in the dataset.
            mode: As for Python's own ``open``: ``rb`` or ``r`` to read, ``wb`` or ``w`` to write, ``ab`` or ``a`` to
                append, ``xb`` or ``x`` to create a file that must not exist.
            options: ``content_type`` of what is written, ``encoding``, ``errors`` and ``newline`` of text,
                ``compression``, ``block_size`` in bytes, and the other options of fsspec's ``open``.

        Returns:
            A file object. Written data is visible once the file is closed; use a ``with`` block.

        Raises:
            InvalidArgument: The mode or an option is unknown.
            DatasetFileNotFound: The file does not exist.
            DatasetFileExists: The file exists, and the mode creates a new one.
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
        if mode not in ("r", "rb", "rt"):
            self._amount = None
        return self.io.open(self.dataset_id, path, mode, **options)
