"""Where a dataset's files are in the object store, as other tools have to be told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.display.text import alternatives, printable
from provena_sdk.errors import InvalidArgument
from provena_sdk.s3.http.endpoint import DEFAULT_REGION
from provena_sdk.s3.models import StoreAddress

_UNUSUAL: Final = re.compile(r"[^A-Za-z0-9._]")

ACCESSES: Final = tuple(map(str, Access))


@dataclass(frozen=True, slots=True)
class StorePlace:
    """The files of a dataset in the object store, and the access to them.

    Attributes:
        location: The bucket, and the prefix of the keys in it.
        address: The URL and region of the object store, and the certificate authorities to trust.
        access: ``read`` or ``write``.
    """

    location: DatasetLocation
    address: StoreAddress
    access: Access

    @property
    def dataset_id(self) -> str:
        """The dataset's handle."""
        return self.location.dataset_id

    @property
    def bucket(self) -> str:
        """The bucket."""
        return self.location.bucket

    @property
    def prefix(self) -> str:
        """The prefix of the keys in the bucket, ending in a slash."""
        return self.location.prefix

    @property
    def url(self) -> str:
        """The location of the files, as the AWS CLI and DuckDB write it: ``s3://bucket/prefix/``."""
        return f"s3://{self.bucket}/{self.prefix}"

    @property
    def endpoint_url(self) -> str | None:
        """The URL of the object store; None means Amazon S3."""
        return self.address.url

    @property
    def region(self) -> str | None:
        """The region; None for Amazon S3 if the deployment does not say which."""
        return self.address.region or (DEFAULT_REGION if self.address.url else None)

    @property
    def host(self) -> str | None:
        """The host and port of the object store, for tools that take no URL; None means Amazon S3."""
        if self.address.url is None:
            return None
        parts = urlsplit(self.address.url)
        return f"{parts.netloc}{parts.path}"

    @property
    def is_https(self) -> bool:
        """Whether the object store is reached by HTTPS."""
        return not (self.address.url or "").startswith("http://")

    @property
    def profile_name(self) -> str:
        """The usual name of an AWS profile for these files and this access, such as ``provena-10378.1-1451860``."""
        plain = _UNUSUAL.sub("-", self.dataset_id)
        return f"provena-{plain}" if self.access is Access.READ else f"provena-{plain}-{self.access}"


def access_of(value: object) -> Access:
    """Check the name of an access.

    Args:
        value: What the caller passed.

    Raises:
        InvalidArgument: There is no such access.
    """
    for known in Access:
        if value == known:
            return known
    raise InvalidArgument("access", f"must be {alternatives(ACCESSES)}, not {printable(value, 60)!r}.")
