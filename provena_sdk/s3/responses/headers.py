"""Parsing of the headers of the object store's answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from provena_sdk.net.http_dates import http_time
from provena_sdk.s3.media_type import is_content_type
from provena_sdk.s3.models import ObjectState
from provena_sdk.s3.responses import values

_CHECKSUM_HEADERS: Final = tuple((name, f"x-amz-checksum-{name}") for name in values.CHECKSUMS)
_CHECKSUM_TYPES: Final = frozenset({"FULL_OBJECT", "COMPOSITE"})
_RANGE: Final = re.compile(r"bytes ([0-9]{1,19})-([0-9]{1,19})/([0-9]{1,19})", re.ASCII)
_EMPTY: Final = "bytes 0--1/0"


def object_state(headers: Mapping[str, str], size: int) -> ObjectState:
    """Return the state of an object by an answer's headers.

    Args:
        headers: The headers, names in lower case.
        size: The size in bytes to record.
    """
    checksums: dict[str, str] = {}
    for algorithm, header in _CHECKSUM_HEADERS:
        text = headers.get(header)
        if text is not None and (value := values.checksum(algorithm, text)) is not None:
            checksums[algorithm] = value
    kind, content_type = headers.get("x-amz-checksum-type"), headers.get("content-type")
    return ObjectState(
        size,
        values.etag(headers.get("etag")),
        http_time(headers.get("last-modified")),
        checksums,
        kind if checksums and kind in _CHECKSUM_TYPES else None,
        values.part_number(headers.get("x-amz-mp-parts-count")),
        is_opaque(headers),
        content_type if content_type is not None and is_content_type(content_type) else None,
    )


def is_opaque(headers: Mapping[str, str]) -> bool:
    """Return whether an object is encrypted with a managed or a customer's key, so that its ETag is not a checksum."""
    return (
        headers.get("x-amz-server-side-encryption", "").startswith("aws:kms")
        or headers.get("x-amz-server-side-encryption-customer-algorithm") is not None
    )


def content_range(text: str | None) -> tuple[int, int, int] | None:
    """Parse a Content-Range into offset, length and whole size in bytes; None if it is invalid or open.

    MinIO writes ``bytes 0--1/0`` for the end of an empty object.

    Example:
        >>> content_range("bytes 100-199/5000"), content_range("bytes 100-199/*")
        ((100, 100, 5000), None)
    """
    if text == _EMPTY:
        return (0, 0, 0)
    match = _RANGE.fullmatch(text or "")
    if match is None:
        return None
    first, last, size = map(int, match.groups())
    return (first, last - first + 1, size) if first <= last < size else None
