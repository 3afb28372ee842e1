"""AWS Signature Version 4: canonical requests and their signatures.

Follows "Signature Version 4 for API requests" of the AWS IAM user guide; S3 encodes the path once.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"


class Scope(NamedTuple):
    """The part of a credential after the access key: date, region and service of the signature."""

    date: str
    region: str
    service: str

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def canonical_path(raw_path: str) -> str:
    """Return the path with everything but unreserved characters and slashes percent-encoded, once.

    Example:
        >>> canonical_path("/bucket/a b/c%2bd")
        '/bucket/a%20b/c%2Bd'
    """
    if raw_path.isascii() and raw_path.replace("/", "").replace("-", "").replace(".", "").isalnum():
        return raw_path
    return quote(unquote_to_bytes(raw_path), safe="/-_.~")


def canonical_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Return decoded query pairs encoded and sorted, without the signature itself."""
    encoded = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in pairs
        if name != "X-Amz-Signature"
    )
    return "&".join(f"{name}={value}" for name, value in encoded)


def canonical_request(
    method: str,
    raw_path: str,
    query: Iterable[tuple[str, str]],
    headers: Mapping[str, str],
    signed_headers: str,
    payload_hash: str,
) -> str:
    """Return the canonical request.

    Args:
        method: The HTTP method.
        raw_path: The path as sent.
        query: The decoded query pairs.
        headers: All headers, names in lower case.
        signed_headers: Names of the signed ones, joined by semicolons.
        payload_hash: The value of ``x-amz-content-sha256``, or its substitute.
    """
    lines = [method, canonical_path(raw_path), canonical_query(query)]
    lines += [f"{name}:{' '.join(headers.get(name, '').split())}" for name in signed_headers.split(";")]
    lines += ["", signed_headers, payload_hash]
    return "\n".join(lines)


def string_to_sign(timestamp: str, scope: Scope, canonical: str) -> str:
    """Return the string to sign for a canonical request; ``timestamp`` is ``YYYYMMDDTHHMMSSZ``."""
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{ALGORITHM}\n{timestamp}\n{scope}\n{digest}"


@lru_cache(maxsize=1024)
def signing_key(secret: str, scope: Scope) -> bytes:
    """Return the signing key for a scope."""
    key = f"AWS4{secret}".encode()
    for step in (scope.date, scope.region, scope.service, "aws4_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    return key


def sign(key: bytes, text: str) -> str:
    """Return the signature of ``text`` in hex."""
    return hmac.digest(key, text.encode("utf-8", "surrogateescape"), "sha256").hex()


def chunk_string_to_sign(timestamp: str, scope: Scope, previous: str, chunk_sha256: str) -> str:
    """Return the string to sign for one chunk of a signed, streamed body."""
    return f"{ALGORITHM}-PAYLOAD\n{timestamp}\n{scope}\n{previous}\n{EMPTY_SHA256}\n{chunk_sha256}"


def trailer_string_to_sign(timestamp: str, scope: Scope, previous: str, trailer_sha256: str) -> str:
    """Return the string to sign for the trailer of a signed, streamed body."""
    return f"{ALGORITHM}-TRAILER\n{timestamp}\n{scope}\n{previous}\n{trailer_sha256}"
