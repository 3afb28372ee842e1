"""The content of a bucket: objects, their parts, and multipart uploads in progress."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cached_property

from provena_sdk.sandbox.object_store.storage.blobs import Blob
from provena_sdk.sandbox.object_store.storage.errors import S3Error


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an object: its number, bytes, ETag (without quotes) and checksums by algorithm."""

    number: int
    blob: Blob
    etag: str
    checksums: Mapping[str, str] = field(default_factory=dict)
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class StoredObject:
    """A stored object, which is immutable and replaced as a whole.

    Attributes:
        key: The object's key.
        parts: Its bytes, in order; a single part unless it came by multipart upload.
        etag: MD5 in hex, or the composite ``<md5>-<parts>``; without quotes.
        modified: When it was written.
        headers: Headers of answers, such as ``content-type`` and ``x-amz-meta-…``.
        checksums: Its checksums, base64 by algorithm.
        multipart: Whether it came by multipart upload.
        size: Length in bytes.
    """

    key: str
    parts: tuple[Part, ...]
    etag: str
    modified: datetime
    headers: Mapping[str, str]
    checksums: Mapping[str, str] = field(default_factory=dict)
    checksum_type: str = "FULL_OBJECT"
    multipart: bool = False

    @cached_property
    def size(self) -> int:
        """Length in bytes."""
        return sum(part.blob.size for part in self.parts)

    @cached_property
    def head(self) -> bytes:
        """The header lines that every answer about this object carries."""
        lines = [
            f'etag: "{self.etag}"',
            f"last-modified: {format_datetime(self.modified, usegmt=True)}",
            "accept-ranges: bytes",
        ]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "".join(f"{line}\r\n" for line in lines).encode()

    def slices(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[Blob, int, int]]:
        """Yield the blobs, and where in each, that make up the bytes from ``start`` to ``stop``."""
        stop = self.size if stop is None else stop
        offset = 0
        for part in self.parts:
            low, high = max(start - offset, 0), min(stop - offset, part.blob.size)
            if low < high:
                yield part.blob, low, high
            offset += part.blob.size

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """Return the bytes from ``start`` up to ``stop``."""
        return b"".join(blob.read(low, high) for blob, low, high in self.slices(start, stop))

    def part_range(self, number: int) -> tuple[int, int]:
        """Return where part ``number`` begins and ends.

        Raises:
            S3Error: ``InvalidPartNumber`` when there is no such part.
        """
        if not 1 <= number <= len(self.parts):
            raise S3Error("InvalidPartNumber")
        start = sum(part.blob.size for part in self.parts[: number - 1])
        return start, start + self.parts[number - 1].blob.size


@dataclass(slots=True)
class Upload:
    """A multipart upload in progress.

    Attributes:
        bucket: Bucket of the future object.
        key: Key of the future object.
        headers: Headers of the future object.
        algorithm: Checksum algorithm of the parts.
        checksum_type: ``COMPOSITE`` or ``FULL_OBJECT``.
        parts: The parts received so far, by number.
    """

    bucket: str
    key: str
    headers: Mapping[str, str]
    algorithm: str
    checksum_type: str
    id: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    initiated: datetime = field(default_factory=lambda: datetime.now(UTC))
    parts: dict[int, Part] = field(default_factory=dict)

    @property
    def is_composite(self) -> bool:
        """Whether the object's checksum is made of those of its parts."""
        return self.checksum_type == "COMPOSITE"
