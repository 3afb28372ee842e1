"""What the object store holds: a folder of a bucket, and what the store says of the objects in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Final, NamedTuple

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """How the object store is reached.

    Args:
        url: Its base URL; None means Amazon S3.
        region: Its region; None lets Amazon say which.
        ca_file: File of the certificate authorities to trust; None means the usual ones.
    """

    url: str | None = None
    region: str | None = None
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of a bucket: all keys that begin with its prefix.

    Args:
        bucket: The bucket.
        prefix: What its keys begin with, ending in a slash.
        label: What messages call it, such as ``dataset 10378.1/12``.
    """

    bucket: str
    prefix: str
    label: str


@dataclass(frozen=True, slots=True, order=True)
class FileInfo:
    """One file of a dataset. It is path-like: ``str()`` and ``os.fspath()`` give its path within the dataset.

    Args:
        path: The path below the dataset's root, exactly as the store holds it.
        size: Its size in bytes.
        etag: The store's ETag, without quotes.
        modified: When it was last written.

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

    @property
    def name(self) -> str:
        """The last segment of the path."""
        return self.path.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The name's ending, with its dot; empty when there is none."""
        return PurePosixPath(self.name).suffix


def modified_ns(moment: datetime) -> int:
    """Return a time as files have it, in nanoseconds, without the rounding of floats.

    Example:
        >>> modified_ns(datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC))
        1500000000
    """
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


@dataclass(frozen=True, slots=True)
class ObjectState:
    """What the store says of one object, or of one of its parts.

    Args:
        size: Bytes of the object, or of the part that was asked for.
        etag: The ETag, without quotes.
        modified: When it was last written; None when the store does not say.
        checksums: The checksums that the store keeps, by algorithm in lower case (``crc32``, ``crc32c``,
            ``crc64nvme``, ``sha1``, ``sha256``), in base64; a composite one ends in ``-`` and the number of parts.
        checksum_type: ``FULL_OBJECT`` or ``COMPOSITE``; None when there are no checksums.
        parts_count: The number of parts of an object that was uploaded in parts, when a part was asked for.
        opaque_etag: Whether the object is encrypted in a way that keeps its ETag from proving anything.
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
    """Bytes of an object, and its state; ``state.size`` is the whole object's size, also for a range of it."""

    data: bytearray
    state: ObjectState


class StoredPart(NamedTuple):
    """A part of an unfinished upload: its number from 1, ETag, bytes, and CRC32 in base64 if the store keeps it.

    ``opaque_etag`` tells that the ETag proves nothing; it is told of parts that were just sent, and not of listed ones.
    """

    number: int
    etag: str
    size: int
    crc32: str | None
    opaque_etag: bool = False


@dataclass(frozen=True, slots=True)
class Streamed:
    """Bytes to send that are too many to hold in memory.

    Args:
        size: How many there are.
        chunks: Reads them from the beginning, anew for each attempt. What it raises itself ends the attempts.
    """

    size: int
    chunks: Callable[[], AsyncIterator[bytes]]


class Stored(NamedTuple):
    """What the store made of an upload; ``crc32`` is what it computed itself, in base64, if it did."""

    etag: str
    crc32: str | None
    opaque_etag: bool


class ListedUpload(NamedTuple):
    """An upload in parts that was neither completed nor given up; ``path`` is the one within the dataset."""

    path: str
    upload_id: str
    initiated: datetime


class Page(NamedTuple):
    """Up to 1,000 entries of a listing; ``folders`` end in the delimiter and are within the dataset."""

    files: list[FileInfo]
    folders: list[str]
