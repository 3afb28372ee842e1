"""Reading what the object store answers: headers, listings, errors.

The XML comes from outside. Documents that declare types of their own, which is how a few bytes grow into
gigabytes, are refused unread.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple
from urllib.parse import unquote_plus
from xml.etree import ElementTree

from provena_sdk.files.location import FileInfo
from provena_sdk.files.objects.state import ListedUpload, ObjectState, Page, StoredPart
from provena_sdk.net.http_dates import http_time

ALGORITHMS: Final = ("crc32", "crc32c", "crc64nvme", "sha1", "sha256")

_CHECKSUM_HEADERS: Final = tuple((name, f"x-amz-checksum-{name}") for name in ALGORITHMS)
_RANGE: Final = re.compile(r"bytes ([0-9]{1,19})-([0-9]{1,19})/([0-9]{1,19})", re.ASCII)
_REFERENCE: Final = re.compile(r"&#(x[0-9A-Fa-f]{1,6}|[0-9]{1,7});", re.ASCII)
_WORD: Final = re.compile(r"[A-Za-z0-9.]{1,64}")


class UnreadableXml(Exception):
    """The store's answer is not what S3 answers; no part of it is kept."""


class Refused(NamedTuple):
    """An error of the store: its word for it, and the bucket's region if it names that."""

    code: str
    region: str | None


class Entries(NamedTuple):
    """One page of a listing, and where the next begins: None after the last."""

    page: Page
    next: str | None


class Parts(NamedTuple):
    """Some parts of an upload, and where the next begin: None after the last."""

    parts: list[StoredPart]
    next: str | None


class Uploads(NamedTuple):
    """Some unfinished uploads, and where the next begin: None after the last."""

    uploads: list[ListedUpload]
    next: tuple[str, str] | None


def state(headers: Mapping[str, str], size: int) -> ObjectState:
    """Read what an answer's headers say of an object.

    Args:
        headers: The headers, names in lower case.
        size: The size in bytes to set down.
    """
    checksums: dict[str, str] = {}
    for algorithm, header in _CHECKSUM_HEADERS:
        value = headers.get(header)
        if value is not None:
            checksums[algorithm] = value
    count = headers.get("x-amz-mp-parts-count", "")
    return ObjectState(
        size,
        headers.get("etag", "").strip('"'),
        http_time(headers.get("last-modified")),
        checksums,
        headers.get("x-amz-checksum-type") if checksums else None,
        int(count) if count.isdecimal() else None,
        is_opaque(headers),
        headers.get("content-type"),
    )


def is_opaque(headers: Mapping[str, str]) -> bool:
    """Whether an object is encrypted with a managed or a customer's key, so that its ETag is no checksum."""
    return (
        headers.get("x-amz-server-side-encryption", "").startswith("aws:kms")
        or headers.get("x-amz-server-side-encryption-customer-algorithm") is not None
    )


def content_range(text: str | None) -> tuple[int, int, int] | None:
    """Read a Content-Range: offset and length of the range, and the whole size, all in bytes.

    Example:
        >>> content_range("bytes 100-199/5000"), content_range("bytes 100-199/*")
        ((100, 100, 5000), None)
    """
    match = _RANGE.fullmatch(text or "")
    if match is None:
        return None
    first, last, size = map(int, match.groups())
    return (first, last - first + 1, size) if first <= last < size else None


def refused(data: bytes | bytearray, status: int, headers: Mapping[str, str]) -> Refused:
    """Read an answer that is an error; one without a readable body is named by its status."""
    code, region = "", headers.get("x-amz-bucket-region")
    root = None
    # Proxies answer in HTML, and HEAD has no body at all.
    with contextlib.suppress(UnreadableXml):
        root = _document(data)
    if root is not None and _name(root) == "Error":
        found = _text(root, "Code")
        code = found if _WORD.fullmatch(found) else ""
        region = region or _text(root, "Region") or None
    return Refused(code or str(status), region)


def result(data: bytes | bytearray, name: str) -> Mapping[str, str]:
    """Read a small result: the texts of its elements by their names.

    Args:
        data: The body.
        name: The name of the document's element.

    Raises:
        UnreadableXml: It is another document.
    """
    root = _document(data)
    if _name(root) != name:
        raise UnreadableXml
    return {_name(node): (node.text or "").strip() for node in root}


def is_error(data: bytes | bytearray) -> bool:
    """Whether a body is an error, which S3 may send with status 200 once it has begun to answer.

    Raises:
        UnreadableXml: It is no XML at all, as when it was cut off.
    """
    return _name(_document(data)) == "Error"


def entries(data: bytes | bytearray, prefix: str) -> Entries:
    """Read one page of ListObjectsV2.

    Args:
        data: The body.
        prefix: The dataset's own prefix; it is taken off the keys.

    Raises:
        UnreadableXml: It is no listing, an incomplete one, or one of other keys than those asked for.
    """
    root = _document(data)
    if _name(root) != "ListBucketResult":
        raise UnreadableXml
    space = root.tag.removesuffix("ListBucketResult")
    key_tag, size_tag, etag_tag, time_tag = (
        f"{space}{name}" for name in ("Key", "Size", "ETag", "LastModified")
    )
    encoded = _text(root, "EncodingType") == "url"
    start = len(prefix)
    files: list[FileInfo] = []
    folders: list[str] = []
    try:
        for node in root.iterfind(f"{space}Contents"):
            key = node.findtext(key_tag, "")
            if encoded and ("%" in key or "+" in key):
                key = unquote_plus(key, errors="strict")
            if not key.startswith(prefix):
                raise UnreadableXml
            if len(key) > start:
                files.append(
                    FileInfo(
                        key[start:],
                        int(node.findtext(size_tag, "")),
                        node.findtext(etag_tag, "").strip('"'),
                        _moment(node.findtext(time_tag, "")),
                    )
                )
        for node in root.iterfind(f"{space}CommonPrefixes"):
            folder = _decoded(_text(node, "Prefix"), encoded)
            if not folder.startswith(prefix):
                raise UnreadableXml
            folders.append(folder[start:])
    except ValueError:
        raise UnreadableXml from None
    return Entries(Page(files, folders), _next(root, "NextContinuationToken"))


def parts(data: bytes | bytearray) -> Parts:
    """Read one page of ListParts.

    Raises:
        UnreadableXml: It is no such list.
    """
    root = _document(data)
    if _name(root) != "ListPartsResult":
        raise UnreadableXml
    try:
        found = [
            StoredPart(
                int(_text(node, "PartNumber")),
                _text(node, "ETag").strip('"'),
                int(_text(node, "Size")),
                _text(node, "ChecksumCRC32") or None,
            )
            for node in _each(root, "Part")
        ]
    except ValueError:
        raise UnreadableXml from None
    return Parts(found, _next(root, "NextPartNumberMarker"))


def uploads(data: bytes | bytearray, prefix: str) -> Uploads:
    """Read one page of ListMultipartUploads.

    Args:
        data: The body.
        prefix: The dataset's own prefix; it is taken off the keys.

    Raises:
        UnreadableXml: It is no such list.
    """
    root = _document(data)
    if _name(root) != "ListMultipartUploadsResult":
        raise UnreadableXml
    encoded = _text(root, "EncodingType") == "url"
    found: list[ListedUpload] = []
    try:
        for node in _each(root, "Upload"):
            key = _decoded(_text(node, "Key"), encoded)
            if not key.startswith(prefix):
                raise UnreadableXml
            initiated = _moment(_text(node, "Initiated"))
            found.append(ListedUpload(key[len(prefix) :], _text(node, "UploadId"), initiated))
        after = _next(root, "NextKeyMarker")
        return Uploads(
            found, None if after is None else (_decoded(after, encoded), _text(root, "NextUploadIdMarker"))
        )
    except ValueError:
        raise UnreadableXml from None


def deletion_failures(data: bytes | bytearray) -> dict[str, str]:
    """Read the answer to DeleteObjects: the store's word for each key that was not deleted.

    Raises:
        UnreadableXml: It is no such answer.
    """
    root = _document(data)
    if _name(root) != "DeleteResult":
        raise UnreadableXml
    return {_text(node, "Key"): _text(node, "Code") or "unknown" for node in _each(root, "Error")}


def _document(data: bytes | bytearray) -> ElementTree.Element:
    try:
        # S3 writes UTF-8. Any other encoding could hide the word from the search below.
        text = data.decode()
        if "\0" in text or "<!DOCTYPE" in text:
            raise UnreadableXml
        if "&#" in text:
            text = _REFERENCE.sub(_legal, text)
        parser = ElementTree.XMLParser()  # noqa: S314 reason= without a DOCTYPE nothing can expand
        # White space before the document keeps the connection alive while the store is at work.
        parser.feed(text.lstrip())
        found: ElementTree.Element = parser.close()
    except (ElementTree.ParseError, ValueError):
        raise UnreadableXml from None
    return found


def _legal(reference: re.Match[str]) -> str:
    """Replace what XML cannot hold: S3 echoes a key in references to characters that no parser accepts."""
    digits = reference[1]
    number = int(digits[1:], 16) if digits[0] == "x" else int(digits)
    legal = number in (9, 10, 13) or 0x20 <= number < 0xD800 or 0xE000 <= number < 0xFFFE or number > 0xFFFF
    return reference[0] if legal else "\N{REPLACEMENT CHARACTER}"


def _name(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]


def _space(node: ElementTree.Element) -> str:
    return node.tag[: node.tag.rfind("}") + 1]


def _text(node: ElementTree.Element, name: str) -> str:
    return node.findtext(f"{_space(node)}{name}", "")


def _each(node: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return node.iterfind(f"{_space(node)}{name}")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _decoded(key: str, encoded: bool) -> str:
    return unquote_plus(key, errors="strict") if encoded else key


def _next(root: ElementTree.Element, name: str) -> str | None:
    """Return where the next page begins. A page that does not say whether it is the last was cut off."""
    truncated = _text(root, "IsTruncated").strip()
    if truncated == "false":
        return None
    following = _text(root, name)
    if truncated != "true" or not following:
        raise UnreadableXml
    return following
