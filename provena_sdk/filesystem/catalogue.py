"""The datasets of a deployment as the folders of a file system."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from provena_api.models import ItemDataset

from provena_sdk.concurrency.background import on_thread
from provena_sdk.concurrency.fork import HomeProcess
from provena_sdk.connection import Datasets
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.entries import Entry
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.display.text import quoted
from provena_sdk.errors import DatasetFileNotFound, DatasetNotFound
from provena_sdk.paging import VisitedKeys
from provena_sdk.paging.page import warn_of_unreadable
from provena_sdk.workflows import datastore


class Catalogue:
    """Finds and lists datasets for a file system. Its coroutines run on fsspec's event loop.

    Args:
        datasets: The client's datasets.
    """

    def __init__(self, datasets: Datasets) -> None:
        self._datasets = datasets
        self._begin()

    def _begin(self) -> None:
        self._process = HomeProcess()
        self._known: dict[tuple[str, Access], DatasetFiles] = {}
        self._finding: dict[str, asyncio.Lock] = {}

    async def files(self, handle: str, access: Access, *, at_once: bool = False) -> DatasetFiles:
        """Return a dataset's files.

        Args:
            handle: The dataset.
            access: Whether to read or to write them.
            at_once: Whether to request credentials in the meantime, as a file is read next.

        Raises:
            DatasetFileNotFound: The dataset does not exist.
            DatasetAccessDenied: You may not write its files.
            Forbidden: ``access`` is ``write``, and the dataset's release is pending or done.
        """
        if not self._process.is_here:
            # After a fork, the copies belong to the parent's event loop.
            self._begin()
        found = self._known.get((handle, access))
        if found is not None and (access is Access.READ or self._datasets.may_write(handle)):
            return found
        async with self._finding.setdefault(handle, asyncio.Lock()):
            found = self._known.get((handle, access))
            if found is None:
                if at_once and access is Access.READ:
                    self._datasets.begin_to_read(handle)
                found = (await self._locate(handle)).for_access(access)
                self._known[handle, access] = found
            if access is Access.WRITE and not self._datasets.may_write(handle):
                await self._datasets.ask_to_write(handle)
            return found

    async def _locate(self, handle: str) -> DatasetFiles:
        try:
            return await on_thread(self._datasets.files, handle)
        except DatasetNotFound:
            pass
        # Raised outside 'except', so that the service's error does not become its context.
        raise no_such_dataset(handle)

    async def entry(self, handle: str) -> Entry:
        """Return a dataset's entry with its metadata.

        Raises:
            DatasetFileNotFound: The dataset does not exist.
        """
        try:
            answer = await on_thread(self._datasets.transport.run, datastore.fetch_dataset("path", handle))
        except DatasetNotFound:
            answer = None
        if answer is None:
            raise no_such_dataset(handle)
        return dataset_entry(answer.item)

    async def entries(self, prefix: str = "", limit: int | None = None) -> list[Entry]:
        """List datasets, the most recently changed first.

        Args:
            prefix: The first segment of their handles; empty for any.
            limit: The most to return; None for all.
        """
        return await on_thread(self._list, prefix, limit)

    def _list(self, prefix: str, limit: int | None) -> list[Entry]:
        body = datastore.listing(None, limit)
        found: list[Entry] = []
        key: object | None = None
        visited = VisitedKeys()
        while limit is None or len(found) < limit:
            page = self._datasets.transport.run(datastore.list_page(body, key))
            found += [
                dataset_entry(item) for item in page.items if not prefix or item.id.startswith(f"{prefix}/")
            ]
            warn_of_unreadable(page.unreadable)
            key = page.key
            # Pages before the last may be short or empty.
            if key is None:
                break
            visited.add(key)
        return found if limit is None else found[:limit]

    def sign(self, handle: str, path: str, seconds: int) -> str:
        """Return a URL that downloads a file without signing in; blocks the thread.

        Args:
            handle: The dataset.
            path: The file's path within it.
            seconds: How long the URL is valid.

        Raises:
            FileNotInDataset: The file does not exist.
            InvalidArgument: The time is out of range, or the service does not accept the path.
        """
        answer = self._datasets.transport.run(
            datastore.presigned_url(None, dataset_id=handle, file_path=path, expires_in=seconds)
        )
        return answer.presigned_url


def dataset_entry(item: ItemDataset) -> Entry:
    """Return the entry of a dataset: a folder with the details of the registry."""
    return {
        "name": item.id,
        "type": "directory",
        "size": 0,
        "display_name": item.display_name,
        "owner": item.owner_username,
        "created": _time(item.created_timestamp),
        "LastModified": _time(item.updated_timestamp),
        "release_status": None if item.release_status is None else str(item.release_status),
        "metadata": item.collection_format.to_dict(),
    }


def _time(seconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        # Beyond the years of datetime.
        return None


def no_such_dataset(handle: str) -> DatasetFileNotFound:
    """Return the error for a dataset that does not exist."""
    return DatasetFileNotFound(
        f"There is no dataset {quoted(handle)}.",
        path=handle,
        hint="Check the handle, or list the datasets with ls('').",
    )
