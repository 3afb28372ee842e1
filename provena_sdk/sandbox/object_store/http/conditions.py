"""Ranges and preconditions of GET, HEAD, PUT and copies, as in Amazon S3."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from provena_sdk.sandbox.object_store.storage.errors import S3Error
from provena_sdk.sandbox.object_store.storage.objects import StoredObject

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.ASCII)


class NotModified(Exception):
    """The client's copy of ``item`` is still current (304)."""

    def __init__(self, item: StoredObject) -> None:
        super().__init__()
        self.item = item


def parse_range(value: str | None, size: int) -> tuple[int, int] | None:
    """Return start and end of a range, or None for the whole object.

    As in Amazon S3, a malformed header and several ranges at once are ignored.

    Args:
        value: The header, or None.
        size: The object's size in bytes.

    Raises:
        S3Error: ``InvalidRange`` if the range is entirely outside the object.

    Example:
        >>> parse_range("bytes=-5", 100)
        (95, 100)
        >>> parse_range("bytes=0-0,5-9", 100) is None
        True
    """
    match = _RANGE.fullmatch(value) if value else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first and last and int(first) > int(last):
        return None
    start = int(first) if first else max(size - int(last), 0)
    stop = min(int(last) + 1, size) if first and last else size
    if start >= size:
        raise S3Error("InvalidRange", RangeRequested=(value or "").strip(), ActualObjectSize=str(size))
    return start, stop


def check_read(item: StoredObject, headers: Mapping[str, str]) -> None:
    """Check the preconditions of a GET or HEAD.

    Raises:
        S3Error: ``PreconditionFailed``.
        NotModified: The client's copy is still current.
    """
    _check(item, headers, "")


def check_copy_source(item: StoredObject, headers: Mapping[str, str]) -> None:
    """Check the preconditions on the source of a copy.

    Raises:
        S3Error: ``PreconditionFailed``.
    """
    try:
        _check(item, headers, "x-amz-copy-source-")
    except NotModified:
        raise S3Error("PreconditionFailed") from None


def check_write(item: StoredObject | None, key: str, headers: Mapping[str, str]) -> None:
    """Check the preconditions of a PUT against what is stored now.

    Raises:
        S3Error: ``PreconditionFailed``, ``NoSuchKey`` or, for an unknown condition, ``NotImplemented``.
    """
    if (value := headers.get("if-none-match")) is not None:
        if value.strip() != "*":
            raise S3Error("NotImplemented", Header="If-None-Match")
        if item is not None:
            raise S3Error("PreconditionFailed", Condition="If-None-Match")
    if (value := headers.get("if-match")) is not None:
        if item is None:
            raise S3Error("NoSuchKey", Key=key)
        if not _matches(value, item.etag):
            raise S3Error("PreconditionFailed", Condition="If-Match")


def range_still_holds(item: StoredObject, if_range: str | None) -> bool:
    """Return whether a range may be served: ``If-Range`` is absent or matches the object."""
    if if_range is None:
        return True
    if if_range.startswith('"'):
        return _matches(if_range, item.etag)
    given = _date(if_range)
    return given is not None and not _is_newer(item, given)


def _check(item: StoredObject, headers: Mapping[str, str], start: str) -> None:
    match, none_match = headers.get(f"{start}if-match"), headers.get(f"{start}if-none-match")
    if match is not None:
        if not _matches(match, item.etag):
            raise S3Error("PreconditionFailed", Condition="If-Match")
    elif (since := _date(headers.get(f"{start}if-unmodified-since"))) is not None and _is_newer(item, since):
        raise S3Error("PreconditionFailed", Condition="If-Unmodified-Since")
    if none_match is not None:
        if _matches(none_match, item.etag):
            raise NotModified(item)
    elif (since := _date(headers.get(f"{start}if-modified-since"))) is not None and not _is_newer(
        item, since
    ):
        raise NotModified(item)


def _matches(value: str, etag: str) -> bool:
    return any(one.strip() in ("*", etag, f'"{etag}"') for one in value.split(","))


def _date(value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        return parsedate_to_datetime(value)
    except ValueError:
        return None


def _is_newer(item: StoredObject, since: datetime) -> bool:
    return item.modified >= since + timedelta(seconds=1)
