"""XML of the S3 API."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import quote_plus
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from provena_sdk.sandbox.object_store.storage.errors import S3Error

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
MAX_REQUEST_BYTES = 4 << 20

_PLAIN = re.compile(r"[A-Za-z0-9/*._-]*")
"""Keys that are the same in any encoding."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")


def text(value: str) -> str:
    """Return ``value`` escaped; characters invalid in XML become references, as on Amazon S3."""
    return _CONTROL.sub(lambda match: f"&#x{ord(match.group()):x};", escape(value, {'"': "&quot;"}))


def element(name: str, value: str | int | bool) -> str:
    """Return one element with text; booleans are lower case."""
    value = ("false", "true")[value] if isinstance(value, bool) else value
    return f"<{name}>{text(str(value))}</{name}>"


def document(name: str, parts: Iterable[str]) -> str:
    """Return an element in S3's namespace around ``parts``."""
    return f'<{name} xmlns="{NAMESPACE}">{"".join(parts)}</{name}>'


def time(moment: datetime) -> str:
    """Return a time in S3's format: UTC, with milliseconds and a Z."""
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def key_encoder(encoding_type: str | None) -> KeyEncoder:
    """Return the encoder for the keys of a listing.

    Raises:
        S3Error: ``InvalidArgument`` for an encoding other than ``url``.
    """
    if encoding_type not in (None, "", "url"):
        raise S3Error("InvalidArgument", "Invalid Encoding Method specified in Request")
    return KeyEncoder(encoding_type == "url")


class KeyEncoder:
    """Writes keys plainly or percent-encoded."""

    def __init__(self, url: bool) -> None:
        self.url = url

    def __call__(self, name: str, key: str) -> str:
        """Return an element that holds ``key``."""
        if _PLAIN.fullmatch(key):
            return f"<{name}>{key}</{name}>"
        return element(name, quote_plus(key, safe="/*-._") if self.url else key)


def parse(data: bytes, root: str) -> ElementTree.Element:
    """Parse a request's XML; namespaces are dropped.

    Raises:
        S3Error: ``MalformedXML``.
    """
    if len(data) > MAX_REQUEST_BYTES or b"<!DOCTYPE" in data:
        raise S3Error("MalformedXML")
    try:
        tree = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError):
        raise S3Error("MalformedXML") from None
    for node in tree.iter():
        node.tag = node.tag.rpartition("}")[2]
    if tree.tag != root:
        raise S3Error("MalformedXML")
    return tree


def printable(value: str) -> str:
    """Return ``value`` with characters that XML cannot hold replaced, so that an error's body always parses."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", value)
