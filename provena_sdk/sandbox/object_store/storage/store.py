"""Buckets and the objects in them."""

from __future__ import annotations

import hashlib
import threading
from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from provena_sdk.sandbox.object_store.storage.blobs import BlobSpace
from provena_sdk.sandbox.object_store.storage.errors import S3Error
from provena_sdk.sandbox.object_store.storage.objects import Part, StoredObject, Upload

MAX_KEY_BYTES = 1024
DEFAULT_CONTENT_TYPE = "binary/octet-stream"


class ObjectInfo(NamedTuple):
    """Properties of an object; ``etag`` is without quotes, ``size`` in bytes."""

    key: str
    size: int
    etag: str
    modified: datetime
    content_type: str
    metadata: dict[str, str]


class ListPage(NamedTuple):
    """One page of a listing: objects and common prefixes in key order, and where the next page begins."""

    objects: list[StoredObject]
    prefixes: list[str]
    last: str
    truncated: bool


class Bucket:
    """One bucket: its objects by key, and the keys in order.

    Attributes:
        encrypted: Whether new objects are marked as encrypted with a managed key, so that their ETag is not an MD5.
            The bytes are stored unencrypted.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.created = datetime.now(UTC)
        self.encrypted = False
        self._objects: dict[str, StoredObject] = {}
        self._ordered: list[str] = []

    @property
    def objects(self) -> Mapping[str, StoredObject]:
        """The objects by key."""
        return self._objects

    @property
    def ordered(self) -> Sequence[str]:
        """The keys in order."""
        return self._ordered

    def put(self, item: StoredObject) -> None:
        """Store ``item`` under its key."""
        if item.key not in self._objects:
            insort(self._ordered, item.key)
        self._objects[item.key] = item

    def delete(self, key: str) -> None:
        """Remove ``key`` if it is there."""
        if self._objects.pop(key, None) is not None:
            del self._ordered[bisect_left(self._ordered, key)]

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin with ``prefix``, in order."""
        start = bisect_left(self.ordered, prefix)
        keys = list(self.ordered[start:])
        if not prefix:
            return keys
        for count, key in enumerate(keys):
            if not key.startswith(prefix):
                return keys[:count]
        return keys

    def page(self, prefix: str, delimiter: str, after: str, limit: int) -> ListPage:
        """List keys after ``after``; keys that are equal up to ``delimiter`` are grouped into one common prefix.

        Args:
            prefix: Prefix of the keys to list.
            delimiter: Delimiter for common prefixes; empty for none.
            after: A key or common prefix; the listing starts after it.
            limit: Most keys and common prefixes to return.
        """
        objects: list[StoredObject] = []
        prefixes: list[str] = []
        ordered = self.ordered
        last = ""
        rolled = (
            delimiter and len(after) > len(prefix) and after.startswith(prefix) and after.endswith(delimiter)
        )
        at = self._beyond(after) if rolled else bisect_right(ordered, after)
        at = max(at, bisect_left(ordered, prefix))
        while at < len(ordered) and (key := ordered[at]).startswith(prefix):
            if len(objects) + len(prefixes) >= limit:
                return ListPage(objects, prefixes, last, limit > 0)
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            if cut >= 0:
                last = key[: cut + len(delimiter)]
                prefixes.append(last)
                at = self._beyond(last)
            else:
                last = key
                objects.append(self.objects[key])
                at += 1
        return ListPage(objects, prefixes, last, False)

    def _beyond(self, prefix: str) -> int:
        """Return the position of the first key after all that begin with ``prefix``."""
        ordered = self.ordered
        low, high = bisect_left(ordered, prefix), len(ordered)
        while low < high:
            middle = (low + high) // 2
            if ordered[middle].startswith(prefix):
                low = middle + 1
            else:
                high = middle
        return low


class ObjectStore:
    """An object store that lasts as long as the process; thread-safe.

    Small objects are kept in memory up to a budget, larger ones in files.

    Args:
        root: Folder for the files; None makes a temporary one, removed by :meth:`close`.
        memory_per_object: Objects beyond this size go to files, in bytes.
        memory_in_all: Once this many bytes are in memory, all new objects go to files.

    Attributes:
        space: Storage for uploads.
        kept: Storage for everything else: XML bodies of requests, and the data of :meth:`put`.

    Example:
        >>> store = ObjectStore()
        >>> store.create_bucket("reef")
        >>> store.put("reef", "obs/2024.csv", b"site,cover").etag
        '65b1b4e8a9e902b18eac8be87858d350'
        >>> store.keys("reef", "obs/")
        ['obs/2024.csv']
    """

    def __init__(
        self,
        root: Path | None = None,
        *,
        memory_per_object: int = 1 << 20,
        memory_in_all: int = 256 << 20,
    ) -> None:
        self.space = BlobSpace(root, memory_per_blob=memory_per_object, memory_in_all=memory_in_all)
        self.kept = self.space
        self.buckets: dict[str, Bucket] = {}
        self.uploads: dict[str, Upload] = {}
        self.lock = threading.RLock()

    def create_bucket(self, name: str) -> None:
        """Create an empty bucket; an existing bucket is left as it is."""
        with self.lock:
            self.buckets.setdefault(name, Bucket(name))

    def delete_bucket(self, name: str) -> None:
        """Remove an empty bucket.

        Raises:
            S3Error: ``NoSuchBucket`` or ``BucketNotEmpty``.
        """
        with self.lock:
            if self.bucket(name).objects:
                raise S3Error("BucketNotEmpty", BucketName=name)
            del self.buckets[name]

    def bucket(self, name: str) -> Bucket:
        """Return a bucket.

        Raises:
            S3Error: ``NoSuchBucket``.
        """
        try:
            return self.buckets[name]
        except KeyError:
            raise S3Error("NoSuchBucket", BucketName=name) from None

    def put(
        self,
        bucket: str,
        key: str,
        data: bytes,
        metadata: Mapping[str, str] | None = None,
        *,
        content_type: str = DEFAULT_CONTENT_TYPE,
        modified: datetime | None = None,
    ) -> StoredObject:
        """Write an object, replacing what was there.

        Args:
            bucket: An existing bucket.
            key: Up to 1,024 bytes of UTF-8.
            data: The object's bytes.
            metadata: User metadata, returned as ``x-amz-meta-<name>``.
            content_type: The media type.
            modified: When it was written; None means now.

        Raises:
            S3Error: ``NoSuchBucket`` or ``KeyTooLongError``.
        """
        check_key(key)
        headers = {"content-type": content_type}
        headers |= {f"x-amz-meta-{name.lower()}": value for name, value in (metadata or {}).items()}
        etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
        modified = modified or datetime.now(UTC)
        part = Part(1, self.kept.blob(data), etag, modified=modified)
        item = StoredObject(key, (part,), etag, modified, headers)
        self.put_object(bucket, item)
        return item

    def put_object(self, bucket: str, item: StoredObject) -> None:
        """Store an object."""
        with self.lock:
            self.bucket(bucket).put(item)

    def find(self, bucket: str, key: str) -> StoredObject:
        """Return a stored object.

        Raises:
            S3Error: ``NoSuchBucket`` or ``NoSuchKey``.
        """
        try:
            return self.bucket(bucket).objects[key]
        except KeyError:
            raise S3Error("NoSuchKey", Key=key) from None

    def get(self, bucket: str, key: str) -> bytes:
        """Return an object's bytes.

        Raises:
            S3Error: ``NoSuchBucket`` or ``NoSuchKey``.
        """
        return self.find(bucket, key).read()

    def head(self, bucket: str, key: str) -> ObjectInfo:
        """Return the properties of an object.

        Raises:
            S3Error: ``NoSuchBucket`` or ``NoSuchKey``.
        """
        item = self.find(bucket, key)
        start = len("x-amz-meta-")
        metadata = {name[start:]: v for name, v in item.headers.items() if name.startswith("x-amz-meta-")}
        content_type = item.headers.get("content-type", DEFAULT_CONTENT_TYPE)
        return ObjectInfo(key, item.size, item.etag, item.modified, content_type, metadata)

    def exists(self, bucket: str, key: str) -> bool:
        """Return whether there is such an object."""
        return bucket in self.buckets and key in self.buckets[bucket].objects

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """Return the keys that begin with ``prefix``, in UTF-8 order.

        Raises:
            S3Error: ``NoSuchBucket``.
        """
        with self.lock:
            return self.bucket(bucket).keys(prefix)

    def delete(self, bucket: str, key: str) -> None:
        """Remove an object; a missing object is not an error.

        Raises:
            S3Error: ``NoSuchBucket``.
        """
        with self.lock:
            self.bucket(bucket).delete(key)

    def upload(self, upload_id: str, bucket: str, key: str) -> Upload:
        """Return a multipart upload in progress.

        Raises:
            S3Error: ``NoSuchUpload``.
        """
        upload = self.uploads.get(upload_id)
        if upload is None or (upload.bucket, upload.key) != (bucket, key):
            raise S3Error("NoSuchUpload", UploadId=upload_id)
        return upload

    def page(self, bucket: str, prefix: str, delimiter: str, after: str, limit: int) -> ListPage:
        """Return one page of a listing; see :meth:`Bucket.page`."""
        with self.lock:
            return self.bucket(bucket).page(prefix, delimiter, after, limit)

    def clear(self) -> None:
        """Remove every object and every upload in progress, but keep the buckets."""
        with self.lock:
            self.uploads.clear()
            for name in self.buckets:
                self.buckets[name] = Bucket(name)

    def close(self) -> None:
        """Discard everything, and remove the temporary folder, if any."""
        with self.lock:
            self.uploads.clear()
            self.buckets.clear()
            self.space.close()
            self.kept.close()


def check_key(key: str) -> None:
    """Refuse keys that S3 refuses.

    Raises:
        S3Error: ``KeyTooLongError`` beyond 1,024 bytes, ``InvalidArgument`` for an empty key.
    """
    if not key:
        raise S3Error("InvalidArgument", "A key must not be empty.")
    size = len(key.encode())
    if size > MAX_KEY_BYTES:
        raise S3Error("KeyTooLongError", Size=str(size), MaxSizeAllowed=str(MAX_KEY_BYTES))
