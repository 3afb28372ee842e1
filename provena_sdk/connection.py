"""The datasets of one client: where their files lie, and the credentials to reach them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from provena_sdk.concurrency.background import on_thread
from provena_sdk.datasets.credentials import Access, CredentialsSource
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.datasets.location import DatasetLocation, store_address
from provena_sdk.datasets.provider import DatasetCredentialsProvider
from provena_sdk.errors import UnreadableAnswer
from provena_sdk.operations import datastore, handles
from provena_sdk.operations.catalogue import FETCH_DATASET
from provena_sdk.transport.http import Transport

T = TypeVar("T")

# So often the datastore is asked again while files are written one by one.
_WRITING_ALLOWED_SECONDS: Final = 60.0


class Datasets:
    """The datasets whose files a client has touched, and how to reach them. Pickles without those touched.

    Args:
        transport: Asks the datastore.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._credentials = CredentialsSource(DatasetCredentialsProvider(transport))
        self._lock = threading.Lock()
        self._known: dict[str, DatasetFiles] = {}

    def __reduce__(self) -> tuple[object, ...]:
        return Datasets, (self.transport,)

    def handle(self, dataset_id: str) -> str:
        """Read a dataset's handle, in an address of the deployment's own web pages as well."""
        return handles.handle("dataset_id", dataset_id, domain=self.transport.deployment.domain)

    def files(self, dataset_id: str) -> DatasetFiles:
        """Return a dataset's files, asking the datastore once where they lie; a dataset never moves."""
        dataset_id = self.handle(dataset_id)
        found = self._known.get(dataset_id)
        if found is None:
            found = self._locate(dataset_id)
            with self._lock:
                found = self._known.setdefault(dataset_id, found)
        return found

    def _locate(self, dataset_id: str) -> DatasetFiles:
        answer = self.transport.run(datastore.fetch_dataset("dataset_id", dataset_id))
        place = answer.item.s3
        prefix = place.path if place.path.endswith("/") else f"{place.path}/"
        deployment = self.transport.deployment
        return DatasetFiles(
            _location(dataset_id, place.bucket_name, prefix),
            self._credentials,
            store_address(
                deployment.s3_endpoint,
                deployment.s3_region,
                deployment.ca_file,
                allow_plain_http=deployment.allow_plain_http,
            ),
        )

    def close(self) -> None:
        """Close the connections to the object store."""
        with self._lock:
            known, self._known = list(self._known.values()), {}
        for files in known:
            files.close()

    async def work(
        self,
        dataset_id: str,
        check: Callable[[], object],
        work: Callable[[DatasetFiles], Coroutine[Any, Any, T]],
    ) -> T:
        """Check what was passed, find the files and work on them; runs on the I/O thread."""
        dataset_id = self.handle(dataset_id)
        await asyncio.to_thread(check)
        return await work(await on_thread(self.files, dataset_id))

    def begin_to_read(self, dataset_id: str) -> None:
        """Begin to ask for keys to a dataset's files, while it is not known yet where they lie."""
        self._credentials.begin(dataset_id, Access.READ)

    def may_write(self, dataset_id: str) -> bool:
        """Whether the datastore allowed a dataset's files to be written within the last minute."""
        return self._credentials.was_granted(dataset_id, Access.WRITE, _WRITING_ALLOWED_SECONDS)

    async def ask_to_write(self, dataset_id: str) -> None:
        """Have the datastore say whether a dataset's files may be written now, and hold the keys; on the I/O thread.

        Raises:
            DatasetAccessDenied: You may not write its files.
            DatasetLocked: It is locked.
            Forbidden: A release is pending or done.
        """
        await self._credentials.ask_anew(dataset_id, Access.WRITE)


def _location(dataset_id: str, bucket: str, prefix: str) -> DatasetLocation:
    try:
        return DatasetLocation(dataset_id, bucket, prefix)
    except ValueError as error:
        reason = str(error)
    raise UnreadableAnswer(
        f"The datastore names no place for the files of dataset {dataset_id}: {reason}",
        operation=FETCH_DATASET.name,
        status=200,
        dataset_id=dataset_id,
        hint="Whoever runs the datastore has to correct the dataset's entry.",
    )
