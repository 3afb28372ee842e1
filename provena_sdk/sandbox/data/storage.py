"""The sandbox's object store: where datasets' files lie, and the keys to them."""

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
    """The bucket of all datasets, as the datastore works with it.

    Attributes:
        url: Where the store listens.
        bucket: The bucket's name.
        region: The region that requests are signed for.
        store: Buckets and objects, where the store is the sandbox's own.
        grants: The keys it accepts, likewise.
        faults: What goes wrong in it on purpose, likewise.
    """

    url: str = ""
    bucket: str = BUCKET
    region: str = REGION
    store: ObjectStore
    grants: Grants
    faults: ObjectFaults

    @abstractmethod
    async def start(self, host: str, port: int) -> None:
        """Make the store ready; port 0 takes a free one.

        Raises:
            OSError: It cannot be.
        """

    @abstractmethod
    async def stop(self) -> None:
        """Stop listening."""

    @abstractmethod
    def close(self) -> None:
        """Drop the files."""

    @abstractmethod
    def put(self, handle: str, path: str, data: bytes) -> None:
        """Write a file of a dataset."""

    @abstractmethod
    def exists(self, handle: str, path: str) -> bool:
        """Whether a dataset has this file."""

    @abstractmethod
    def files(self, handle: str) -> dict[str, bytes]:
        """A dataset's files: path within the dataset, content."""

    @abstractmethod
    def keys_for(self, handle: str, *, write: bool, token: str = "") -> TemporaryCredentials:
        """Temporary keys to a dataset's files, for whoever holds the access token."""

    @abstractmethod
    def presigned(self, handle: str, path: str, seconds: int) -> str:
        """A URL that reads one file without keys, for so many seconds."""

    @abstractmethod
    def expire_keys(self) -> None:
        """Let every key that was given out expire now."""

    @abstractmethod
    def clear(self) -> None:
        """Remove every file; keys already given out stop working."""

    @abstractmethod
    def requests(self) -> list[RequestRecord]:
        """What the server answered lately, in order."""

    @abstractmethod
    def forget_requests(self) -> None:
        """Forget what the server answered so far."""

    def first_suffix(self) -> int:
        """The number from which on handles have no files here yet."""
        return 0

    def write_metadata(self, handle: str, metadata: Metadata) -> None:
        """Write the service's own file at the root of a dataset."""
        self.put(handle, METADATA_FILE, encode_json(metadata))


class OwnStorage(Storage):
    """The bucket of all datasets and the server in front of it.

    Args:
        credentials_seconds: How long temporary keys live.
    """

    def __init__(self, credentials_seconds: float) -> None:
        self.store = ObjectStore()
        self.grants = Grants()
        self.faults = ObjectFaults()
        self._seconds = credentials_seconds
        self._server: Server | None = None
        self.store.create_bucket(BUCKET)

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 takes a free one."""
        self._server = await serve(self.store, self.grants, host=host, port=port, faults=self.faults)
        self.url = self._server.url

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            await self._server.close()
            self._server = None

    def close(self) -> None:
        """Drop the files, on disk too."""
        self.store.close()

    def requests(self) -> list[RequestRecord]:
        """What the server answered lately, in order."""
        return [] if self._server is None else list(self._server.requests)

    def forget_requests(self) -> None:
        """Forget what the server answered so far."""
        if self._server is not None:
            self._server.requests.clear()

    def put(self, handle: str, path: str, data: bytes) -> None:
        """Write a file of a dataset."""
        self.store.put(BUCKET, prefix_of(handle) + path, data)

    def exists(self, handle: str, path: str) -> bool:
        """Whether a dataset has this file."""
        return path != "" and self.store.exists(BUCKET, prefix_of(handle) + path)

    def files(self, handle: str) -> dict[str, bytes]:
        """A dataset's files: path within the dataset, content."""
        prefix = prefix_of(handle)
        return {key[len(prefix) :]: self.store.get(BUCKET, key) for key in self.store.keys(BUCKET, prefix)}

    def keys_for(self, handle: str, *, write: bool, token: str = "") -> TemporaryCredentials:
        """Temporary keys to a dataset's files."""
        return self.grants.issue(BUCKET, prefix_of(handle), write=write, lifetime_seconds=self._seconds)

    def presigned(self, handle: str, path: str, seconds: int) -> str:
        """A URL that reads one file without keys, for so many seconds."""
        return presign(self.grants, self.url, BUCKET, prefix_of(handle) + path, seconds)

    def clear(self) -> None:
        """Remove every file; keys already given out stop working."""
        self.store.clear()
        self.expire_keys()
        self.faults.clear()
        self.forget_requests()

    def expire_keys(self) -> None:
        """Let every key that was given out expire now."""
        self.grants.expire_all()


def credentials_body(keys: TemporaryCredentials) -> Mapping[str, str]:
    """Temporary keys as the datastore gives them out."""
    return {
        "aws_access_key_id": keys.access_key_id,
        "aws_secret_access_key": keys.secret_access_key,
        "aws_session_token": keys.session_token,
        "expiry": keys.expiry.isoformat(),
    }
