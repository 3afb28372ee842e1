"""Parsing of the object store's XML documents: results, listings, errors.

The XML is untrusted. Documents with a DOCTYPE, whose entities can expand a few bytes into gigabytes, are refused
unparsed, and so are documents with more content than any answer of S3.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, TypeVar
from urllib.parse import unquote_plus
from xml.etree import ElementTree

from provena_sdk.s3.models import FileInfo, ListedUpload, Page, StoredPart
from provena_sdk.s3.responses import values

T = TypeVar("T")

MOST_BYTES: Final = 8 * 1024**2
"""The longest document in bytes: 1,000 keys of 1,024 bytes, each byte written as ``%XX``, and their markup."""

# Those of S3 have some twenty tags an entry, one attribute, and few numeric character references.
_MOST_TAGS: Final = 200_000
_MOST_ATTRIBUTES: Final = 20_000
_MOST_REFERENCES: Final = 200_000
_MOST_TOKEN: Final = 8192
_LONGEST_REFERENCE: Final = 8
_WORD: Final = re.compile(r"[A-Za-z0-9.]{1,64}")
_HEXADECIMAL: Final = frozenset("0123456789abcdefABCDEF")


class UnreadableXml(Exception):
    """The answer is not a valid S3 document; nothing of it is kept."""


class Refused(NamedTuple):
    """An error of the store: its code, the bucket's region if named, and the message unchanged."""

    code: str
    region: str | None = None
    message: str = ""


class Entries(NamedTuple):
    """One page of a listing, and the marker of the next; None after the last."""

    page: Page
    next: str | None


class Parts(NamedTuple):
    """One page of an upload's parts, and the marker of the next; None after the last."""

    parts: list[StoredPart]
    next: int | None


class Uploads(NamedTuple):
    """One page of unfinished uploads, and the markers of the next; None after the last."""

    uploads: list[ListedUpload]
    next: tuple[str, str] | None


def refused(data: bytes | bytearray, status: int, headers: Mapping[str, str]) -> Refused:
    """Parse an error; without a readable body, its code is the status."""
    code, region, message = "", headers.get("x-amz-bucket-region"), ""
    root = None
    # Proxies answer in HTML, and HEAD has no body at all.
    with contextlib.suppress(UnreadableXml):
        root = _document(data)
    if root is not None and _name(root) == "Error":
        code = _word(_text(root, "Code"))
        region = region or _text(root, "Region") or None
        message = _text(root, "Message") or ""
    return Refused(code or str(status), region, message)


def result(data: bytes | bytearray, name: str) -> Mapping[str, str]:
    """Parse a small result into the texts of its elements, by name.

    Args:
        data: The body.
        name: The name of the root element.

    Raises:
        UnreadableXml: The document is not such a result.
    """
    root = _document(data)
    if _name(root) != name:
        raise UnreadableXml
    return {_name(node): (node.text or "").strip() for node in root}


def is_error(data: bytes | bytearray) -> bool:
    """Return whether a body is an error, which S3 may send with status 200 once it has begun to answer.

    Raises:
        UnreadableXml: The body is not XML, for example because it was cut off.
    """
    return _name(_document(data)) == "Error"


def entries(data: bytes | bytearray, prefix: str, folder: str = "") -> Entries:
    """Parse one page of ListObjectsV2.

    Args:
        data: The body.
        prefix: The dataset's prefix; it is removed from the keys.
        folder: The prefix of the paths within the dataset, as requested.

    Raises:
        UnreadableXml: The document is not a listing, is incomplete, or lists keys that were not requested.
    """
    root = _document(data)
    if _name(root) != "ListBucketResult":
        raise UnreadableXml
    space = root.tag.removesuffix("ListBucketResult")
    key_tag, size_tag, etag_tag, time_tag = (
        f"{space}{name}" for name in ("Key", "Size", "ETag", "LastModified")
    )
    encoded = _text(root, "EncodingType") == "url"
    requested, start = prefix + folder, len(prefix)
    files: list[FileInfo] = []
    folders: list[str] = []
    try:
        for node in root.iterfind(f"{space}Contents"):
            key = node.findtext(key_tag, "")
            if encoded and ("%" in key or "+" in key):
                key = unquote_plus(key, errors="strict")
            if not key.startswith(requested):
                raise UnreadableXml
            if len(key) > start:
                files.append(
                    FileInfo(
                        key[start:],
                        values.size(node.findtext(size_tag)),
                        _etag(node.findtext(etag_tag, "")),
                        values.moment(node.findtext(time_tag, "")),
                    )
                )
        for node in root.iterfind(f"{space}CommonPrefixes"):
            name = _decoded(_text(node, "Prefix"), encoded)
            if not name.startswith(requested):
                raise UnreadableXml
            folders.append(name[start:])
    except ValueError:
        raise UnreadableXml from None
    return Entries(Page(files, folders), _next(root, "NextContinuationToken"))


def parts(data: bytes | bytearray) -> Parts:
    """Parse one page of ListParts.

    Raises:
        UnreadableXml: The document is not such a list.
    """
    root = _document(data)
    if _name(root) != "ListPartsResult":
        raise UnreadableXml
    found = [
        StoredPart(
            _needed(values.part_number(_text(node, "PartNumber"))),
            _etag(_text(node, "ETag")),
            _needed(values.number(_text(node, "Size"))),
            values.checksum("crc32", _text(node, "ChecksumCRC32")),
        )
        for node in _each(root, "Part")
    ]
    following = _next(root, "NextPartNumberMarker")
    return Parts(found, None if following is None else _needed(values.part_number(following)))


def uploads(data: bytes | bytearray, prefix: str) -> Uploads:
    """Parse one page of ListMultipartUploads.

    Args:
        data: The body.
        prefix: The dataset's prefix; it is removed from the keys.

    Raises:
        UnreadableXml: The document is not such a list.
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
            initiated = values.moment(_text(node, "Initiated"))
            found.append(ListedUpload(key[len(prefix) :], upload_id(_text(node, "UploadId")), initiated))
        after = _next(root, "NextKeyMarker")
        return Uploads(
            found,
            None
            if after is None
            else (_decoded(after, encoded), _text(root, "NextUploadIdMarker")[:_MOST_TOKEN]),
        )
    except ValueError:
        raise UnreadableXml from None


def deletion_failures(data: bytes | bytearray) -> dict[str, str]:
    """Parse the answer to DeleteObjects into the error codes of the keys that were not deleted.

    Raises:
        UnreadableXml: The document is not such an answer.
    """
    root = _document(data)
    if _name(root) != "DeleteResult":
        raise UnreadableXml
    return {_text(node, "Key"): _word(_text(node, "Code")) or "unknown" for node in _each(root, "Error")}


def _document(data: bytes | bytearray) -> ElementTree.Element:
    try:
        # S3 writes UTF-8. Any other encoding could hide the DOCTYPE from the search below.
        text = data.decode()
        if "\0" in text or "<!DOCTYPE" in text:
            raise UnreadableXml
        if text.count("<") > _MOST_TAGS or text.count("='") + text.count('="') > _MOST_ATTRIBUTES:
            raise UnreadableXml
        if "&#" in text:
            text = _with_legal_references(text)
        parser = ElementTree.XMLParser()  # noqa: S314 reason= without a DOCTYPE nothing can expand
        # White space before the document keeps the connection alive while the store works.
        parser.feed(text.lstrip())
        found: ElementTree.Element = parser.close()
    except (ElementTree.ParseError, ValueError):
        raise UnreadableXml from None
    return found


def _with_legal_references(text: str) -> str:
    """Replace references to characters that XML forbids: S3 writes them in the keys that it repeats."""
    first, *others = text.split("&#", _MOST_REFERENCES + 1)
    if len(others) > _MOST_REFERENCES:
        raise UnreadableXml
    return first + "".join(map(_with_legal_reference, others))


def _with_legal_reference(text: str) -> str:
    """Restore the start of a reference that was split off, or replace the reference."""
    digits, end, rest = text[:_LONGEST_REFERENCE].partition(";")
    number = _character(digits) if end else None
    if number is None or number in (9, 10, 13) or 0x20 <= number < 0xD800 or 0xE000 <= number < 0xFFFE:
        return f"&#{text}"
    return f"&#{text}" if number > 0xFFFF else f"\N{REPLACEMENT CHARACTER}{rest}{text[_LONGEST_REFERENCE:]}"


def _character(digits: str) -> int | None:
    if digits[:1] == "x" and digits[1:] and _HEXADECIMAL.issuperset(digits[1:]):
        return int(digits[1:], 16)
    return values.number(digits)


def _needed(value: T | None) -> T:
    if value is None:
        raise UnreadableXml
    return value


def _etag(text: str) -> str:
    # Empty when the store sends none.
    bare = text.strip('"')
    if bare and not values.is_sendable(bare):
        raise UnreadableXml
    return bare


def _word(text: str) -> str:
    """Return an error code; empty when it is not a single word."""
    return text if _WORD.fullmatch(text) else ""


def upload_id(text: str) -> str:
    """Return the id of an upload unchanged if it can be sent back.

    Raises:
        UnreadableXml: The id is missing or too long.
    """
    if not 0 < len(text) <= _MOST_TOKEN:
        raise UnreadableXml
    return text


def _name(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]


def _space(node: ElementTree.Element) -> str:
    return node.tag[: node.tag.rfind("}") + 1]


def _text(node: ElementTree.Element, name: str) -> str:
    return node.findtext(f"{_space(node)}{name}", "")


def _each(node: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return node.iterfind(f"{_space(node)}{name}")


def _decoded(key: str, encoded: bool) -> str:
    return unquote_plus(key, errors="strict") if encoded else key


def _next(root: ElementTree.Element, name: str) -> str | None:
    """Return the marker of the next page, or None after the last; a page without IsTruncated was cut off."""
    truncated = _text(root, "IsTruncated").strip()
    if truncated == "false":
        return None
    following = _text(root, name)
    if truncated != "true" or not following or len(following) > _MOST_TOKEN:
        raise UnreadableXml
    return following
