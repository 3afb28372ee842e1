"""Data of the object store: folders, and the states of the objects and uploads in them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from provena_sdk.display.amounts import human_size
from provena_sdk.display.text import quoted

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """The location of the object store.

    Args:
        url: The base URL; None means Amazon S3.
        region: The region; None adopts the one that Amazon names.
        ca_file: File of the certificate authorities to trust; None means AWS_CA_BUNDLE or the default ones.
    """

    url: str | None = None
    region: str | None = None
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of a bucket: all keys that begin with its prefix.

    Args:
        bucket: The bucket.
        prefix: The prefix of its keys, ending in a slash.
        label: Its name in messages, such as ``dataset 10378.1/12``.
        dataset_id: The ``dataset_id`` of errors about it.
    """

    bucket: str
    prefix: str
    label: str
    dataset_id: str | None = None


@dataclass(frozen=True, slots=True, order=True, repr=False)
class FileInfo:
    """One file of a dataset. It is path-like: ``str()`` and ``os.fspath()`` give its path within the dataset.

    Args:
        path: The path below the dataset's root, exactly as the store holds it.
        size: The size in bytes.
        etag: The store's ETag, without quotes.
        modified: The time of the last write.

    Example:
        >>> import os
        >>> from datetime import UTC
        >>> found = FileInfo("obs/2024.csv", 12, "e", datetime(2024, 5, 1, tzinfo=UTC))
        >>> os.fspath(found), str(found), found.name, found.suffix
        ('obs/2024.csv', 'obs/2024.csv', '2024.csv', '.csv')
    """

    path: str
    size: int
    etag: str
    modified: datetime

    def __fspath__(self) -> str:
        return self.path

    def __str__(self) -> str:
        return self.path

    def __repr__(self) -> str:
        return f"<FileInfo {quoted(self.path, 120)}, {human_size(self.size)}>"

    @property
    def name(self) -> str:
        """The last segment of the path."""
        return self.path.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The name's ending, with its dot; empty when there is none."""
        return PurePosixPath(self.name).suffix


def modified_ns(moment: datetime) -> int:
    """Return a time in nanoseconds since the epoch, as files record it, without the rounding of floats.

    Example:
        >>> modified_ns(datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC))
        1500000000
    """
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


@dataclass(frozen=True, slots=True)
class ObjectState:
    """The state of one object, or of one of its parts, by the store's answer.

    Args:
        size: The size in bytes of the object, or of the part requested.
        etag: The ETag, without quotes.
        modified: The time of the last write; None when the store does not report it.
        checksums: The store's checksums, by algorithm in lower case (``crc32``, ``crc32c``,
            ``crc64nvme``, ``sha1``, ``sha256``), in base64; a composite one ends in ``-`` and the number of parts.
        checksum_type: ``FULL_OBJECT`` or ``COMPOSITE``; None when there are no checksums.
        parts_count: The number of parts of an object uploaded in parts, if a part was requested.
        opaque_etag: Whether the object is encrypted so that its ETag is not a checksum.
        content_type: The media type.
    """

    size: int
    etag: str
    modified: datetime | None
    checksums: Mapping[str, str]
    checksum_type: str | None
    parts_count: int | None
    opaque_etag: bool
    content_type: str | None


class Received(NamedTuple):
    """Bytes of an object, and its state; ``state.size`` is the size of the whole object, even for a range."""

    data: bytearray
    state: ObjectState


class StoredPart(NamedTuple):
    """A part of an unfinished upload: number from 1, ETag, size in bytes, and CRC32 in base64 if the store keeps it.

    ``opaque_etag`` means that the ETag is not a checksum; it is known for parts just sent, not for listed ones.
    """

    number: int
    etag: str
    size: int
    crc32: str | None
    opaque_etag: bool = False


@dataclass(frozen=True, slots=True)
class Streamed:
    """A body too large to hold in memory.

    Args:
        size: The size in bytes.
        chunks: Returns an iterator over the body from its start, for each attempt. An error that it raises is not
            retried.
    """

    size: int
    chunks: Callable[[], AsyncIterator[bytes]]


class Stored(NamedTuple):
    """The stored result of an upload; ``crc32`` is the one that the store computed, in base64, if any."""

    etag: str
    crc32: str | None
    opaque_etag: bool


class ListedUpload(NamedTuple):
    """An upload in parts that was neither completed nor aborted; ``path`` is relative to the dataset."""

    path: str
    upload_id: str
    initiated: datetime


class Page(NamedTuple):
    """Up to 1,000 entries of a listing; ``folders`` end in the delimiter and are relative to the dataset."""

    files: list[FileInfo]
    folders: list[str]
