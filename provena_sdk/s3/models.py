"""What the object store says of its objects."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from provena_sdk.datasets.location import FileInfo


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
