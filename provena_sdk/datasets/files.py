"""Inspect, list, read, write, copy and remove the files of one dataset."""

from __future__ import annotations

from collections.abc import Sequence

from provena_sdk.concurrency.fork import HomeProcess
from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.datasets.credentials import Access, CredentialsSource, DatasetCredentials
from provena_sdk.datasets.entries import Entry, entry_name, file_entry, folder_entry
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.datasets.service_file import ServiceFileGuard, check_writable
from provena_sdk.display.text import quoted
from provena_sdk.errors import DatasetFileNotFound, NotAFile
from provena_sdk.s3.client.copying import copy_across, copy_object
from provena_sdk.s3.client.objects import ObjectClient
from provena_sdk.s3.client.ranges import read_range, read_slice
from provena_sdk.s3.client.writer import ObjectWriter
from provena_sdk.s3.models import FileInfo, StoreAddress


class DatasetFiles:
    """The files of one dataset, accessed with read or write credentials.

    The coroutines run on fsspec's I/O thread: await them with :func:`provena_sdk.concurrency.io_thread.on_io_thread`.
    Credentials are requested when they are first needed. A pickle holds their source but no credentials.

    Paths are relative to the dataset, without a slash at either end; the empty path is the dataset's root. A folder
    exists if there are files in it. No path can name a key with an empty segment, so entries omit such keys.
    The name of an entry is the dataset's handle and the path, as in ``provena://`` URLs.

    Args:
        location: The folder that holds the files.
        credentials: The source of credentials.
        address: The URL and settings of the object store.
        access: The access that the credentials must grant.
    """

    def __init__(
        self,
        location: DatasetLocation,
        credentials: CredentialsSource,
        address: StoreAddress,
        access: Access = Access.READ,
    ) -> None:
        self.location = location
        self.address = address
        self.access = access
        self._credentials = credentials
        self._objects: ObjectClient | None = None
        self._process = HomeProcess()
        self._by_access: dict[Access, DatasetFiles] = {access: self}

    def __repr__(self) -> str:
        return f"<DatasetFiles {self.location.dataset_id} ({self.access})>"

    def __reduce__(self) -> tuple[object, ...]:
        return DatasetFiles, (self.location, self._credentials, self.address, self.access)

    def for_access(self, access: Access) -> DatasetFiles:
        """Return the same files, accessed with credentials for ``access``."""
        found = self._by_access.get(access)
        if found is None:
            made = DatasetFiles(self.location, self._credentials, self.address, access)
            made._by_access = self._by_access
            found = self._by_access.setdefault(access, made)
        return found

    @property
    def credentials(self) -> DatasetCredentials:
        """The credentials that sign requests."""
        return DatasetCredentials(self._credentials, self.location.dataset_id, self.access)

    @property
    def objects(self) -> ObjectClient:
        """The S3 client of the dataset's folder; a forked child makes a new one."""
        if self._objects is None or not self._process.is_here:
            self._process = HomeProcess()
            guard = ServiceFileGuard(self.location.dataset_id)
            self._objects = ObjectClient(self.location.folder, self.credentials, self.address, guard=guard)
        return self._objects

    async def ask_to_write(self) -> None:
        """Request new write credentials, to check that the files may be written now.

        Raises:
            DatasetAccessDenied: The user may not write the dataset's files.
            DatasetLocked: The dataset is locked.
            Forbidden: A release is pending or done.
        """
        await self._credentials.ask_anew(self.location.dataset_id, Access.WRITE)

    def close(self) -> None:
        """Close the connections for every access. Later calls open new ones."""
        opened = [files._objects for files in self._by_access.values() if files._process.is_here]
        for objects in opened:
            # Connections made before a fork belong to the parent.
            if objects is not None:
                run_sync(objects.close())

    def name(self, path: str) -> str:
        """Return the name of a path in a file system of all datasets."""
        return f"{self.location.dataset_id}/{path}" if path else self.location.dataset_id

    async def info(self, path: str) -> Entry:
        """Return the entry of a file or folder; of the file, when both have the same name.

        Args:
            path: The path within the dataset.

        Raises:
            DatasetFileNotFound: There is no such file or folder.
        """
        if not path:
            return folder_entry(self.name(""))
        try:
            state = await self.objects.head(path)
        except DatasetFileNotFound:
            if await self._has_any(path):
                return folder_entry(self.name(path))
            raise
        return file_entry(self.name(path), state.size, state.etag, state.modified)

    async def peek(self, path: str, length: int, *, tail: bool) -> tuple[Entry, bytes]:
        """Return a file's entry and its first or last bytes in one request; for a folder, its entry and no bytes.

        Args:
            path: The path within the dataset.
            length: The number of bytes.
            tail: Whether to return the last bytes rather than the first.

        Raises:
            DatasetFileNotFound: There is no such file or folder.
        """
        try:
            received = await self.objects.peek(path, length, tail=tail)
        except DatasetFileNotFound:
            return await self.info(path), b""
        state = received.state
        return file_entry(self.name(path), state.size, state.etag, state.modified), bytes(received.data)

    async def exists(self, path: str) -> bool:
        """Return whether a file or folder has this path."""
        try:
            await self.info(path)
        except DatasetFileNotFound:
            return False
        return True

    async def _has_any(self, path: str) -> bool:
        async for page in self.objects.list(f"{path}/", delimiter="/"):
            if page.files or page.folders:
                return True
        return False

    async def ls(self, path: str) -> list[Entry]:
        """List a folder; for a file, return its entry alone.

        Args:
            path: The path within the dataset.

        Raises:
            DatasetFileNotFound: There is no such file or folder.
        """
        folder = f"{path}/" if path else ""
        entries: list[Entry] = []
        empty = True
        async for page in self.objects.list(folder, delimiter="/"):
            empty = empty and not page.files and not page.folders
            entries += [self._entry(info) for info in page.files if not info.path.endswith("/")]
            folders = (name.removesuffix("/") for name in page.folders if name != f"{folder}/")
            entries += [folder_entry(self.name(name)) for name in folders]
        if empty and path:
            return [await self.info(path)]
        return sorted(entries, key=entry_name)

    async def find(self, path: str, *, prefix: str = "", folders: bool = False) -> list[Entry]:
        """List all files below a folder, at any depth.

        Args:
            path: The folder within the dataset.
            prefix: The start of their paths relative to the folder.
            folders: Whether to list the folders as well.
        """
        folder = f"{path}/" if path else ""
        known: set[str] = set()
        entries: list[Entry] = []
        async for page in self.objects.list(folder + prefix):
            for info in page.files:
                # Of a key with an empty segment, only the folders before that segment have a path.
                plain, empty, _ = f"/{info.path[len(folder) :]}".partition("//")
                below = f"{plain}/"[1:] if empty else plain[1:]
                if folders:
                    new = [name for name in _parents(below) if name not in known]
                    entries += [folder_entry(self.name(folder + name)) for name in new]
                    known.update(new)
                if below and not below.endswith("/"):
                    entries.append(self._entry(info))
        return sorted(entries, key=entry_name)

    def _entry(self, info: FileInfo) -> Entry:
        return file_entry(self.name(info.path), info.size, info.etag, info.modified)

    async def read(
        self, path: str, start: int | None = None, end: int | None = None, *, etag: str | None = None
    ) -> bytes:
        """Read a file or a slice of it; a long one in several ranges at once.

        Args:
            path: The path within the dataset.
            start: The first byte; negative ones count from the end.
            end: The byte to stop before; negative ones count from the end. It may lie past the end of the file.
            etag: The ETag that the file must still have.

        Raises:
            DatasetFileNotFound: There is no such file.
            IntegrityError: The file was replaced in the meantime.
        """
        return await read_slice(self.objects, path, start, end, etag=etag)

    async def read_range(
        self, path: str, start: int, end: int, *, etag: str | None = None
    ) -> bytes | bytearray:
        """Read a range that lies within a file, and return the bytes without a copy.

        Args:
            path: The path within the dataset.
            start: The first byte.
            end: The byte to stop before; greater than ``start``.
            etag: The ETag that the file must still have.

        Raises:
            DatasetFileNotFound: There is no such file.
            IntegrityError: The file was replaced in the meantime, or is shorter.
        """
        return await read_range(self.objects, path, start, end, etag=etag)

    async def write(
        self,
        path: str,
        data: bytes | bytearray | memoryview,
        *,
        content_type: str | None = None,
        new: bool = False,
    ) -> None:
        """Write a whole file.

        Args:
            path: The path within the dataset.
            data: The bytes.
            content_type: The media type; None guesses it from the name.
            new: Whether to fail if the file exists.

        Raises:
            DatasetFileExists: The file exists, and ``new`` is true.
            ServiceFileRefused: ``metadata.json`` at the root may not be written.
        """
        self.check_file(path)
        await ObjectWriter(self.objects, path, content_type=content_type, new=new).write(data)

    async def remove(self, paths: Sequence[str]) -> None:
        """Remove files.

        Args:
            paths: The paths within the dataset.

        Raises:
            ServiceFileRefused: One of them is ``metadata.json`` at the root; nothing was removed.
            FileError: The store refused to remove one of them; the others are removed.
        """
        failures = await self.objects.delete(paths)
        for failure in failures.values():
            raise failure

    async def copy(self, source: str, target: str) -> None:
        """Copy a file within the dataset; the bytes do not leave the store.

        Args:
            source: The path within the dataset.
            target: The copy's path.

        Raises:
            DatasetFileNotFound: There is no such file.
            ServiceFileRefused: ``metadata.json`` at the root may not be written.
        """
        self.check_file(target)
        await copy_object(self.objects, source, target)

    async def copy_from(self, other: DatasetFiles, source: str, target: str) -> None:
        """Copy a file of another dataset; this process relays the bytes, a few parts at a time.

        Args:
            other: The other dataset.
            source: The path within it.
            target: The copy's path.

        Raises:
            DatasetFileNotFound: There is no such file.
            IntegrityError: The file was replaced in the meantime.
            ServiceFileRefused: ``metadata.json`` at the root may not be written.
        """
        self.check_file(target)
        await copy_across(other.objects, source, self.objects, target)

    def check_file(self, path: str) -> None:
        """Refuse a path that no file can be written to.

        Raises:
            NotAFile: The path is the dataset's root.
            ServiceFileRefused: The path is ``metadata.json`` at the root.
            UnsafePath: The SDK reserves the name for its temporary files.
        """
        if not path:
            raise not_a_file("", self.location.dataset_id)
        check_writable(path, self.location.dataset_id)


def not_a_file(path: str, dataset_id: str) -> NotAFile:
    """Return the error for a folder where a file is required.

    Args:
        path: The folder's path within the dataset; empty for the dataset itself.
        dataset_id: The dataset's handle.
    """
    return NotAFile(
        f"{quoted(path)} is a folder of dataset {dataset_id}."
        if path
        else f"Dataset {dataset_id} is not a file itself.",
        path=path,
        dataset_id=dataset_id,
        hint="Give the path of a file.",
    )


def _parents(path: str) -> list[str]:
    """Return the folders above a path, without trailing slashes.

    Example:
        >>> _parents("a/b/c.csv"), _parents("a/"), _parents("c.csv")
        (['a', 'a/b'], ['a'], [])
    """
    return [path[:at] for at, character in enumerate(path) if character == "/"]
