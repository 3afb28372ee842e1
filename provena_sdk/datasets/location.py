"""The location of a dataset's files in the object store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from provena_sdk.config.addresses import require_safe
from provena_sdk.display.text import quoted
from provena_sdk.s3.models import Folder, StoreAddress

# Older buckets may have longer names, with underscores and capitals, than S3 allows today.
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_MOST_PREFIX: Final = 512


@dataclass(frozen=True, slots=True)
class DatasetLocation:
    """The folder of the object store that holds a dataset's files.

    Args:
        dataset_id: The dataset's handle.
        bucket: The bucket.
        prefix: The key of the folder, ending in a slash. The slash separates datasets whose handles begin
            alike, since read credentials for one dataset can list the whole bucket.

    Raises:
        ValueError: The bucket's name is not valid, or the prefix is not a plain folder path.
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

    @property
    def folder(self) -> Folder:
        """The folder, as the S3 client expects it."""
        return Folder(self.bucket, self.prefix, f"dataset {self.dataset_id}", self.dataset_id)


def _is_folder(prefix: str) -> bool:
    """Return whether a prefix is a plain path that ends in a slash and is short enough for names to follow it."""
    segments = prefix.split("/")
    return (
        len(prefix) <= _MOST_PREFIX
        and len(segments) > 1
        and segments.pop() == ""
        and not {"", ".", ".."}.intersection(segments)
        and prefix.isprintable()
    )


def _is_plain_http(url: str) -> bool:
    """Return whether a URL uses plain HTTP. Malformed URLs are refused later, when they are parsed."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def store_address(
    url: str | None, region: str | None, ca_file: str | None, *, allow_plain_http: bool = False
) -> StoreAddress:
    """Return the address of the object store, after checking that its URL is safe.

    Args:
        url: The base URL; None means Amazon S3.
        region: The region; None lets Amazon S3 report it.
        ca_file: File of the certificate authorities to trust; None means the usual ones.
        allow_plain_http: Whether the URL may be plain HTTP to another machine.

    Raises:
        ConfigurationError: The URL is plain HTTP to another machine, which is not allowed.
    """
    # Credentials and files are sent there.
    if url is not None and _is_plain_http(url):
        require_safe("endpoint_url", url, allow_plain_http=allow_plain_http)
    return StoreAddress(url, region, ca_file)
