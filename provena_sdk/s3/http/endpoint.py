"""The endpoint of a bucket, and the encoding of keys and queries in its URLs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from provena_sdk.errors import InvalidArgument

DEFAULT_REGION: Final = "us-east-1"

_PORTS: Final = {"http": 80, "https": 443}
_REGION: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# With a dot in the bucket's name, Amazon's wildcard certificate would not match the host.
_HOST_LABEL: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_DOMAINS: Final = (
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("us-iso-", "c2s.ic.gov"),
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The host, port and path at which one bucket is reached.

    Args:
        scheme: ``http`` or ``https``.
        hostname: The host to connect to.
        port: The port to connect to.
        root: The bucket's path, percent-encoded; empty when the host names the bucket.
    """

    scheme: str
    hostname: str
    port: int
    root: str

    @property
    def host(self) -> str:
        """The value of the ``Host`` header."""
        name = f"[{self.hostname}]" if ":" in self.hostname else self.hostname
        return name if self.port == _PORTS[self.scheme] else f"{name}:{self.port}"

    def path(self, key: str) -> str:
        """Return the path of a key, percent-encoded; for an empty key, that of the bucket."""
        return f"{self.root}/{quoted(key)}" if key else self.root or "/"


def endpoint(url: str | None, bucket: str, region: str) -> Endpoint:
    """Return the endpoint of a bucket.

    Args:
        url: The store's base URL, without the bucket; None means Amazon S3.
        bucket: The bucket.
        region: The bucket's region.

    Raises:
        InvalidArgument: The store's URL cannot be used.

    Example:
        >>> endpoint(None, "reef", "ap-southeast-2").host
        'reef.s3.ap-southeast-2.amazonaws.com'
        >>> found = endpoint("http://127.0.0.1:9000", "reef", "us-east-1")
        >>> found.host, found.path("a b+.csv")
        ('127.0.0.1:9000', '/reef/a%20b%2B.csv')
    """
    if url is not None:
        return _custom(url, bucket)
    domain = next((domain for start, domain in _DOMAINS if region.startswith(start)), "amazonaws.com")
    if _HOST_LABEL.fullmatch(bucket):
        return Endpoint("https", f"{bucket}.s3.{region}.{domain}", 443, "")
    return Endpoint("https", f"s3.{region}.{domain}", 443, f"/{quoted(bucket)}")


def _custom(url: str, bucket: str) -> Endpoint:
    hostname, port = None, None
    try:
        parts = urlsplit(url)
        hostname = parts.hostname and parts.hostname.encode("idna").decode()
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in _PORTS or not hostname or port is None:
        raise InvalidArgument("endpoint_url", "must be a URL that begins with http:// or https://.")
    if "@" in parts.netloc:
        raise InvalidArgument("endpoint_url", "must not contain a user name or password.")
    base = quote(parts.path.rstrip("/"), safe="/-_.~%")
    return Endpoint(parts.scheme, hostname, port, f"{base}/{quoted(bucket)}")


def is_region(name: str) -> bool:
    """Return whether a name is safe as a region, which becomes part of a host name.

    Example:
        >>> is_region("ap-southeast-2"), is_region("evil.example/")
        (True, False)
    """
    return len(name) <= 64 and _REGION.fullmatch(name) is not None


def quoted(key: str) -> str:
    """Percent-encode a key as S3 signs it: all but letters, digits, ``-._~`` and slashes, once.

    Example:
        >>> quoted("obs/50% é~+#.csv")
        'obs/50%25%20%C3%A9~%2B%23.csv'
    """
    return quote(key, safe="/-_.~")


def query(pairs: Iterable[tuple[str, str]]) -> str:
    """Return a query in the canonical form in which it is signed and sent.

    Example:
        >>> query([("prefix", "a/b c"), ("list-type", "2"), ("delete", "")])
        'delete=&list-type=2&prefix=a%2Fb%20c'
    """
    encoded = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in pairs)
    return "&".join([f"{name}={value}" for name, value in encoded])
