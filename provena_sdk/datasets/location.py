"""Where a dataset's files lie, and what one of them is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from provena_sdk.config.addresses import require_safe
from provena_sdk.display.text import quoted

# Older buckets have longer names than those of today, with underscores and capitals.
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_MOST_PREFIX: Final = 512
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DatasetLocation:
    """The folder of the object store that holds a dataset's files.

    Args:
        dataset_id: The dataset's handle.
        bucket: The bucket.
        prefix: The key of the folder, ending in a slash. The slash keeps datasets apart whose handles begin
            alike: whoever may read one of them may list the whole bucket.

    Raises:
        ValueError: The bucket is no name of one, or the prefix is no plain path of a folder.
    """

    dataset_id: str
    bucket: str
    prefix: str

    def __post_init__(self) -> None:
        if not _BUCKET.fullmatch(self.bucket) or ".." in self.bucket:
            raise ValueError(f"bucket: {quoted(self.bucket)} is not the name of a bucket.")
        if not _is_folder(self.prefix):
            raise ValueError(
                f"prefix: {quoted(self.prefix)} is not a folder, such as 'datasets/10378-1-12/'."
            )

    def key(self, path: str) -> str:
        """Return the key of a path within the dataset.

        Example:
            >>> DatasetLocation("10378.1/12", "bucket", "datasets/10378-1-12/").key("obs/2024.csv")
            'datasets/10378-1-12/obs/2024.csv'
        """
        return self.prefix + path


def _is_folder(prefix: str) -> bool:
    """Whether a prefix is a plain path that ends in a slash, with room for a name behind it."""
    segments = prefix.split("/")
    return (
        len(prefix) <= _MOST_PREFIX
        and len(segments) > 1
        and segments.pop() == ""
        and not {"", ".", ".."}.intersection(segments)
        and prefix.isprintable()
    )


def _is_plain_http(url: str) -> bool:
    """Whether a URL is one of HTTP; what is no URL at all is refused when it is taken apart."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """How the object store is reached.

    Args:
        url: Its base URL; None means Amazon S3.
        region: Its region; None lets Amazon tell it.
        ca_file: File of the certificate authorities to trust; None means the usual ones.
        allow_plain_http: Whether the URL may be plain HTTP to another machine.

    Raises:
        ConfigurationError: The URL is plain HTTP to another machine, which was not allowed.
    """

    url: str | None = None
    region: str | None = None
    ca_file: str | None = None
    allow_plain_http: bool = False

    def __post_init__(self) -> None:
        # Credentials and files go there.
        if self.url is not None and _is_plain_http(self.url):
            require_safe("endpoint_url", self.url, allow_plain_http=self.allow_plain_http)


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
