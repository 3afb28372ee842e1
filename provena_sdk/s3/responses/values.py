"""Parsing of numbers, times, ETags and checksums as the object store writes them; malformed ones count as absent.

The store's answers are untrusted text: Python's ``int`` would accept ``-5``, ``1_0`` and digits of other scripts, and
refuse 5,000 digits with an unrelated error.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Final

from provena_sdk.s3.limits import MAX_PARTS

SIZE_DIGITS: Final = 18
"""The most digits of a size in bytes."""

CHECKSUMS: Final = {"crc32": 4, "crc32c": 4, "crc64nvme": 8, "sha1": 20, "sha256": 32}
"""The checksums that S3 keeps, with their sizes in bytes."""

_PART_DIGITS: Final = len(str(MAX_PARTS))
_MOST_ETAG: Final = 255
_MOST_MOMENT: Final = 40
_BASE64_CHARACTERS: Final = {name: -(-width // 3) * 4 for name, width in CHECKSUMS.items()}


def number(text: str | None, digits: int = SIZE_DIGITS) -> int | None:
    """Parse an integer of ASCII digits, or return None.

    Args:
        text: The store's text.
        digits: The most digits.

    Example:
        >>> number("12"), number("-5"), number("1_0"), number("٣"), number("1" * 5000)
        (12, None, None, None, None)
    """
    if text and len(text) <= digits and text.isascii() and text.isdigit():
        return int(text)
    return None


def size(text: str | None) -> int:
    """Parse a size in bytes.

    Raises:
        ValueError: The text is not a size.
    """
    if text and len(text) <= SIZE_DIGITS and text.isascii() and text.isdigit():
        return int(text)
    raise ValueError("not a size")


def part_number(text: str | None) -> int | None:
    """Parse a part's number or a number of parts, or return None.

    Example:
        >>> part_number("10000"), part_number("10001"), part_number("0")
        (10000, None, None)
    """
    found = number(text, _PART_DIGITS)
    return found if found is not None and 1 <= found <= MAX_PARTS else None


def etag(text: str | None) -> str:
    r"""Return an ETag without its quotes; empty when it is missing or cannot be sent back.

    Example:
        >>> etag('"9a0364b9e99bb480dd25e1f0284c8555"'), etag('W/"e-2"'), etag('"e\r\nx-amz-acl: public-read"')
        ('9a0364b9e99bb480dd25e1f0284c8555', 'e-2', '')
    """
    bare = (text or "").removeprefix("W/").strip('"')
    return bare if is_sendable(bare) else ""


def is_sendable(etag: str) -> bool:
    """Return whether an ETag without its quotes can be sent back in a header."""
    return len(etag) <= _MOST_ETAG and etag.isascii() and etag.isprintable()


def checksum(algorithm: str, text: str | None) -> str | None:
    """Return a checksum if it is valid, else None.

    It is written in base64; a composite one ends in a dash and the number of parts.

    Args:
        algorithm: The algorithm's name in lower case.
        text: The store's text.

    Example:
        >>> checksum("crc32", "y/Q5Jg=="), checksum("crc32", "y/Q5Jg==-3"), checksum("crc32", "AAAAAAAAAAA=")
        ('y/Q5Jg==', 'y/Q5Jg==-3', None)
    """
    if text is None or len(text) > _BASE64_CHARACTERS[algorithm] + 1 + _PART_DIGITS:
        return None
    value, dash, count = text.partition("-")
    if dash and part_number(count) is None:
        return None
    try:
        found = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
    return text if len(found) == CHECKSUMS[algorithm] else None


def moment(text: str) -> datetime:
    """Parse a time in ISO 8601, and return it in UTC; without a time zone it counts as UTC.

    Raises:
        ValueError: The text is not such a time.

    Example:
        >>> moment("2024-05-01T08:30:00.000Z")
        datetime.datetime(2024, 5, 1, 8, 30, tzinfo=datetime.timezone.utc)
    """
    found = datetime.fromisoformat(text[:_MOST_MOMENT])
    if found.tzinfo is UTC:
        return found
    if found.tzinfo is None:
        return found.replace(tzinfo=UTC)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is out of range in UTC") from None
