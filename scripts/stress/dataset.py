"""A dataset on an object store of this process, for the stress tests of file transfers."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import threading
import zlib
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from provena_sdk.datasets.credentials import Access, CredentialsSource
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.s3.client import ObjectClient
from provena_sdk.s3.credentials import Credentials
from provena_sdk.s3.models import StoreAddress
from provena_sdk.s3.retry import RetryRule
from provena_sdk.sandbox.object_store import Grants, ObjectStore, serve
from provena_sdk.sandbox.object_store.storage.objects import Part, StoredObject
from tests.dataset import Dataset

PART = 8 << 20
BUCKET = "reef"
PREFIX = "datasets/10378-1-1/"
DAY = 86_400.0

T = TypeVar("T")


class RunningStore:
    """An object store served by a thread of this process.

    Args:
        store: What it serves; None means a new store with one bucket.
    """

    def __init__(self, store: ObjectStore | None = None) -> None:
        self.store = store or ObjectStore()
        self.store.create_bucket(BUCKET)
        self.grants = Grants()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.server = self._await(serve(self.store, self.grants))

    def __enter__(self) -> RunningStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self.store.close()

    def stop(self) -> None:
        """Stop listening and end every connection."""
        self._await(self.server.close())

    def resume(self) -> None:
        """Listen again at the same address; requests and faults of before are forgotten."""
        port = int(self.server.url.rpartition(":")[2])
        self.server = self._await(serve(self.store, self.grants, port=port))

    def put(self, path: str, data: bytes, *, checksum: bool) -> None:
        """Store a file as another client would have: in parts if it is large.

        Args:
            path: Its path within the dataset.
            data: Its bytes.
            checksum: Whether the store knows a CRC32 of it.
        """
        size = PART if len(data) > 2 * PART else max(len(data), 1)
        pieces = [data[at : at + size] for at in range(0, max(len(data), 1), size)]
        digests = [hashlib.md5(piece, usedforsecurity=False) for piece in pieces]
        parts = tuple(
            Part(number, self.store.space.blob(piece), digest.hexdigest())
            for number, (piece, digest) in enumerate(zip(pieces, digests, strict=True), start=1)
        )
        etag = parts[0].etag
        if len(parts) > 1:
            joined = hashlib.md5(b"".join(digest.digest() for digest in digests), usedforsecurity=False)
            etag = f"{joined.hexdigest()}-{len(parts)}"
        crc32 = base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()
        item = StoredObject(
            PREFIX + path,
            parts,
            etag,
            datetime.now(UTC),
            {"content-type": "application/octet-stream"},
            {"crc32": crc32} if checksum else {},
            multipart=len(parts) > 1,
        )
        self.store.put_object(BUCKET, item)

    def stored(self) -> dict[str, bytes]:
        """What the dataset holds, path by path."""
        keys = self.store.keys(BUCKET, PREFIX)
        return {key.removeprefix(PREFIX): self.store.get(BUCKET, key) for key in keys}

    def files(self, *, rule: RetryRule | None = None, idle: float | None = None) -> Dataset:
        """Return the dataset's files.

        Args:
            rule: How patient its requests are; None means as patient as usual.
            idle: Seconds without a byte after which a connection counts as dead; None means as usual.
        """

        def provider(dataset_id: str, access: Access) -> Credentials:
            keys = self.grants.issue(BUCKET, PREFIX, write=access is Access.WRITE, lifetime_seconds=DAY)
            return Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token, keys.expiry)

        location = DatasetLocation("10378.1/1", BUCKET, PREFIX)
        files = Dataset(location, CredentialsSource(provider), StoreAddress(self.server.url))
        if rule is not None and idle is not None:
            for access in Access:
                one = files.for_access(access)
                one._objects = ObjectClient(
                    one.location.folder, one.credentials, one.address, rule=rule, idle=idle
                )
        return files

    def keys(self) -> list[str]:
        """What another process needs to reach the dataset; see :func:`files_of`."""
        keys = self.grants.issue(BUCKET, PREFIX, write=True, lifetime_seconds=DAY)
        return [self.server.url, keys.access_key_id, keys.secret_access_key, keys.session_token]

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def files_of(
    url: str, access_key_id: str, secret: str, token: str, *, bucket: str = BUCKET, prefix: str = PREFIX
) -> Dataset:
    """Return the files of a dataset that another process serves.

    Args:
        url: The object store's.
        access_key_id: With the next two, keys to the dataset.
        secret: See above.
        token: See above.
        bucket: The bucket.
        prefix: Of the dataset's keys.
    """
    granted = Credentials(access_key_id, secret, token, datetime(2100, 1, 1, tzinfo=UTC))
    location = DatasetLocation("10378.1/1", bucket, prefix)
    return Dataset(location, CredentialsSource(lambda *_: granted), StoreAddress(url))


def tree(folder: Path) -> dict[str, bytes]:
    """What a local folder holds, path by path, hidden files too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
