"""The sandbox's object store: the datasets' files, and credentials for them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from provena_sdk.sandbox.data.items import BUCKET, Metadata, prefix_of
from provena_sdk.sandbox.http.server import encode_json
from provena_sdk.sandbox.object_store import (
    Grants,
    ObjectFaults,
    ObjectStore,
    RequestRecord,
    Server,
    TemporaryCredentials,
    presign,
    serve,
)

METADATA_FILE = "metadata.json"
REGION = "us-east-1"


class Storage(ABC):
    """The bucket of all datasets, as the datastore uses it.

    Attributes:
        url: URL of the store.
        bucket: The bucket's name.
        region: The region that requests are signed for.
        store: Buckets and objects, if the store is the sandbox's own.
        grants: The credentials it accepts, if the store is the sandbox's own.
        faults: The faults to inject, if the store is the sandbox's own.
    """

    url: str = ""
    bucket: str = BUCKET
    region: str = REGION
    store: ObjectStore
    grants: Grants
    faults: ObjectFaults

    @abstractmethod
    async def start(self, host: str, port: int) -> None:
        """Make the store ready; port 0 picks a free one.

        Raises:
            OSError: The store cannot be reached or started.
        """

    @abstractmethod
    async def stop(self) -> None:
        """Stop listening."""

    @abstractmethod
    def close(self) -> None:
        """Discard the files."""

    @abstractmethod
    def put(self, handle: str, path: str, data: bytes) -> None:
        """Write a file of a dataset."""

    @abstractmethod
    def exists(self, handle: str, path: str) -> bool:
        """Return whether a dataset has this file."""

    @abstractmethod
    def files(self, handle: str) -> dict[str, bytes]:
        """Return a dataset's files: content by path within the dataset."""

    @abstractmethod
    def credentials_for(self, handle: str, *, write: bool, token: str = "") -> TemporaryCredentials:
        """Return temporary credentials for a dataset's files, for the holder of the access token."""

    @abstractmethod
    def presigned(self, handle: str, path: str, seconds: int) -> str:
        """Return a URL that reads one file without credentials, valid for some seconds."""

    @abstractmethod
    def expire_credentials(self) -> None:
        """Expire all credentials that were issued."""

    @abstractmethod
    def clear(self) -> None:
        """Remove every file; credentials already issued stop working."""

    @abstractmethod
    def requests(self) -> list[RequestRecord]:
        """The latest requests, in order."""

    @abstractmethod
    def forget_requests(self) -> None:
        """Discard the record of requests."""

    def first_suffix(self) -> int:
        """Return the first handle suffix without files in this store."""
        return 0

    def write_metadata(self, handle: str, metadata: Metadata) -> None:
        """Write the service's ``metadata.json`` at the root of a dataset."""
        self.put(handle, METADATA_FILE, encode_json(metadata))


class OwnStorage(Storage):
    """The bucket of all datasets, with its server.

    Args:
        credentials_seconds: Lifetime of temporary credentials.
    """

    def __init__(self, credentials_seconds: float) -> None:
        self.store = ObjectStore()
        self.grants = Grants()
        self.faults = ObjectFaults()
        self._seconds = credentials_seconds
        self._server: Server | None = None
        self.store.create_bucket(BUCKET)

    async def start(self, host: str, port: int) -> None:
        """Start listening; port 0 picks a free one."""
        self._server = await serve(self.store, self.grants, host=host, port=port, faults=self.faults)
        self.url = self._server.url

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            await self._server.close()
            self._server = None

    def close(self) -> None:
        """Discard the files, also those on disk."""
        self.store.close()

    def requests(self) -> list[RequestRecord]:
        """The latest requests, in order."""
        return [] if self._server is None else list(self._server.requests)

    def forget_requests(self) -> None:
        """Discard the record of requests."""
        if self._server is not None:
            self._server.requests.clear()

    def put(self, handle: str, path: str, data: bytes) -> None:
        """Write a file of a dataset."""
        self.store.put(BUCKET, prefix_of(handle) + path, data)

    def exists(self, handle: str, path: str) -> bool:
        """Return whether a dataset has this file."""
        return path != "" and self.store.exists(BUCKET, prefix_of(handle) + path)

    def files(self, handle: str) -> dict[str, bytes]:
        """Return a dataset's files: content by path within the dataset."""
        prefix = prefix_of(handle)
        return {key[len(prefix) :]: self.store.get(BUCKET, key) for key in self.store.keys(BUCKET, prefix)}

    def credentials_for(self, handle: str, *, write: bool, token: str = "") -> TemporaryCredentials:
        """Return temporary credentials for a dataset's files."""
        return self.grants.issue(BUCKET, prefix_of(handle), write=write, lifetime_seconds=self._seconds)

    def presigned(self, handle: str, path: str, seconds: int) -> str:
        """Return a URL that reads one file without credentials, valid for some seconds."""
        return presign(self.grants, self.url, BUCKET, prefix_of(handle) + path, seconds)

    def clear(self) -> None:
        """Remove every file; credentials already issued stop working."""
        self.store.clear()
        self.expire_credentials()
        self.faults.clear()
        self.forget_requests()

    def expire_credentials(self) -> None:
        """Expire all credentials that were issued."""
        self.grants.expire_all()


def credentials_body(keys: TemporaryCredentials) -> Mapping[str, str]:
    """Return temporary credentials in the datastore's format."""
    return {
        "aws_access_key_id": keys.access_key_id,
        "aws_secret_access_key": keys.secret_access_key,
        "aws_session_token": keys.session_token,
        "expiry": keys.expiry.isoformat(),
    }
