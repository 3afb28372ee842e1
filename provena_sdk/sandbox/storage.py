"""The sandbox's object store: where datasets' files lie, and the keys to them."""

from __future__ import annotations

from collections.abc import Mapping

from provena_sdk.sandbox.items import BUCKET, Metadata, prefix_of
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
from provena_sdk.sandbox.wire import encode_json

METADATA_FILE = "metadata.json"
REGION = "us-east-1"


class Storage:
    """The bucket of all datasets and the server in front of it.

    Args:
        credentials_seconds: How long temporary keys live.
    """

    def __init__(self, credentials_seconds: float) -> None:
        self.store = ObjectStore()
        self.grants = Grants()
        self.faults = ObjectFaults()
        self.url = ""
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

    def write_metadata(self, handle: str, metadata: Metadata) -> None:
        """Write the service's own file at the root of a dataset."""
        self.put(handle, METADATA_FILE, encode_json(metadata))

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

    def keys_for(self, handle: str, *, write: bool) -> TemporaryCredentials:
        """Temporary keys to a dataset's files."""
        return self.grants.issue(BUCKET, prefix_of(handle), write=write, lifetime_seconds=self._seconds)

    def presigned(self, handle: str, path: str, seconds: int) -> str:
        """A URL that reads one file without keys, for so many seconds."""
        return presign(self.grants, self.url, BUCKET, prefix_of(handle) + path, seconds)

    def clear(self) -> None:
        """Remove every file; keys already given out stop working."""
        self.store.clear()
        self.grants.expire_all()
        self.forget_requests()


def credentials_body(keys: TemporaryCredentials) -> Mapping[str, str]:
    """Temporary keys as the datastore gives them out."""
    return {
        "aws_access_key_id": keys.access_key_id,
        "aws_secret_access_key": keys.secret_access_key,
        "aws_session_token": keys.session_token,
        "expiry": keys.expiry.isoformat(),
    }
