"""A store for tests with large data: it lists synthetic files, and counts bytes instead of keeping them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import overload

from provena_sdk.sandbox.object_store.storage.blobs import Blob, BlobSpace, Spool
from provena_sdk.sandbox.object_store.storage.errors import S3Error
from provena_sdk.sandbox.object_store.storage.objects import Part, StoredObject
from provena_sdk.sandbox.object_store.storage.store import DEFAULT_CONTENT_TYPE, Bucket, ObjectStore

BLOCK = hashlib.shake_256(b"provena").digest(1 << 20)
"""The content of synthetic files, repeated from the beginning of each file and part."""

_FILES_PER_FOLDER = 1000
_HEADERS = {"content-type": DEFAULT_CONTENT_TYPE}


class RepeatedBlob(Blob):
    """A repeated block, which takes no memory.

    Args:
        size: Length in bytes.
        block: The block to repeat.
    """

    __slots__ = ("_block",)

    def __init__(self, size: int, block: bytes = BLOCK) -> None:
        super().__init__(size)
        self._block = block

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """Return the bytes from ``start`` up to ``stop`` (both in bytes; None means the end)."""
        return b"".join(self.chunks(start, stop))

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes | memoryview]:
        """Yield the bytes from ``start`` up to ``stop``, at most one block at a time."""
        stop = self.size if stop is None else min(stop, self.size)
        view, length = memoryview(self._block), len(self._block)
        while start < stop:
            at = start % length
            chunk = view[at : at + stop - start]
            yield chunk
            start += len(chunk)


class CountingStore(ObjectStore):
    """A store of any size that takes almost no memory.

    Uploads are checked, counted and discarded: size, ETag and checksums remain, and the bytes read as zeros. Objects
    written with :meth:`put` are kept as usual.

    Attributes:
        received: Bytes uploaded so far.

    Example:
        >>> store = CountingStore()
        >>> store.create_listing("reef", "datasets/10378-1-12/", count=5_000_000, size=4096)
        >>> len(store.page("reef", "datasets/10378-1-12/", "", "", 1000).objects)
        1000
    """

    def __init__(self) -> None:
        super().__init__()
        self.received = 0
        self.space = _CountingSpace(self)

    def create_listing(self, bucket: str, prefix: str, count: int, size: int) -> None:
        """Create a read-only bucket of synthetic files, a thousand per folder.

        Args:
            bucket: Name of the new bucket.
            prefix: Prefix of every key.
            count: Number of files.
            size: Size of each file, in bytes.
        """
        with self.lock:
            self.buckets[bucket] = _MadeUpBucket(bucket, prefix, count, size)

    def make_up(self, bucket: str, key: str, size: int, *, part_bytes: int | None = None) -> StoredObject:
        """Store a synthetic file: :data:`BLOCK`, repeated.

        Args:
            bucket: An existing bucket.
            key: The file's key.
            size: Its length in bytes.
            part_bytes: Size of the parts it appears to have been uploaded in, in bytes; None means a single PUT.
        """
        item = _made_up(key, size, part_bytes)
        self.put_object(bucket, item)
        return item


class _CountingSpace(BlobSpace):
    def __init__(self, store: CountingStore) -> None:
        super().__init__()
        self._store = store

    def spool(self) -> Spool:
        return _CountingSpool(self, self._store)


class _CountingSpool(Spool):
    __slots__ = ("_store",)

    def __init__(self, space: BlobSpace, store: CountingStore) -> None:
        super().__init__(space)
        self._store = store

    def write(self, data: bytes | memoryview) -> None:
        self.size += len(data)

    def finish(self) -> Blob:
        self._store.received += self.size
        return RepeatedBlob(self.size, _ZEROS)


_ZEROS = bytes(1 << 20)


class _MadeUpBucket(Bucket):
    def __init__(self, name: str, prefix: str, count: int, size: int) -> None:
        super().__init__(name)
        self._keys = _MadeUpKeys(prefix, count)
        self._made_up = _MadeUpObjects(self._keys, size)

    @property
    def objects(self) -> Mapping[str, StoredObject]:
        return self._made_up

    @property
    def ordered(self) -> Sequence[str]:
        return self._keys

    def put(self, item: StoredObject) -> None:
        raise S3Error("AccessDenied", "A synthetic listing cannot be changed.")

    def delete(self, key: str) -> None:
        raise S3Error("AccessDenied", "A synthetic listing cannot be changed.")


class _MadeUpKeys(Sequence[str]):
    def __init__(self, prefix: str, count: int) -> None:
        self.prefix = prefix
        self._numbers = range(count)

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self._key(number) for number in self._numbers[index]]
        return self._key(self._numbers[index])

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, str) or not key.startswith(self.prefix):
            return False
        number = key[-12:-3]
        return (
            number.isascii()
            and number.isdecimal()
            and int(number) < len(self)
            and self._key(int(number)) == key
        )

    def _key(self, number: int) -> str:
        return f"{self.prefix}{number // _FILES_PER_FOLDER:06}/{number:09}.nc"


class _MadeUpObjects(Mapping[str, StoredObject]):
    def __init__(self, keys: _MadeUpKeys, size: int) -> None:
        self._keys = keys
        self._item = _made_up("", size, None)

    def __getitem__(self, key: str) -> StoredObject:
        if key not in self._keys:
            raise KeyError(key)
        item = self._item
        return StoredObject(key, item.parts, item.etag, item.modified, item.headers)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def _made_up(key: str, size: int, part_bytes: int | None) -> StoredObject:
    moment = datetime.now(UTC)
    length = size if part_bytes is None else part_bytes
    sizes = [min(length, size - at) for at in range(0, size, length)] if size else [0]
    etags = {length: _md5(RepeatedBlob(length)) for length in set(sizes)}
    parts = tuple(
        Part(number, RepeatedBlob(length), etags[length], modified=moment)
        for number, length in enumerate(sizes, start=1)
    )
    etag = parts[0].etag
    if part_bytes is not None:
        digests = b"".join(bytes.fromhex(part.etag) for part in parts)
        etag = f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"
    return StoredObject(key, parts, etag, moment, _HEADERS, multipart=part_bytes is not None)


def _md5(blob: Blob) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for chunk in blob.chunks():
        digest.update(chunk)
    return digest.hexdigest()
