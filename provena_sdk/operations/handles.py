"""Parse handles of datasets and other items: bare, with a scheme, or in the URL of a web page."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final
from urllib.parse import unquote, urlsplit

from provena_sdk.display.text import READ_LIMIT, printable
from provena_sdk.errors import InvalidArgument

_HANDLE: Final = re.compile(r"[^\s/:]+/[^\s/]+")
_PREFIX: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12}){1,6}")
_RESOLVER: Final = "hdl.handle.net"
_SCHEMES: Final = ("provena://", "provena::", "hdl:", f"https://{_RESOLVER}/", f"http://{_RESOLVER}/")
_SHOWN: Final = 80


def handle(argument: str, value: object, *, domain: str | None = None) -> str:
    """Parse a handle, which has two segments, such as ``10378.1/1451860``.

    Args:
        argument: The argument's name, for the message.
        value: What the caller passed: a handle; one after ``hdl:``, ``provena://`` or ``https://hdl.handle.net/``; or
            the URL of one of the deployment's web pages that contains one.
        domain: The deployment's domain; with None, URLs of its web pages are not accepted.

    Returns:
        The bare handle.

    Raises:
        InvalidArgument: It is not a handle, or a web page of another site.

    Example:
        >>> handle("id", "10378.1/1451860"), handle("id", "https://hdl.handle.net/10378.1/1451860")
        ('10378.1/1451860', '10378.1/1451860')
        >>> handle("id", "https://data.example.org/dataset/10378.1/1451860?view=files", domain="example.org")
        '10378.1/1451860'
    """
    if not isinstance(value, str):
        raise InvalidArgument(argument, f"must be a str, not {type(value).__name__}.")
    found = _bare(value.strip(), domain)
    if found is None or not is_handle(found):
        held = inside(value)
        raise InvalidArgument(
            argument,
            f"{printable(value, _SHOWN)!r} is not a handle.",
            hint=f"Did you mean {held!r}?" if held else "A handle looks like '10378.1/1451860'.",
        )
    return sendable(argument, found)


def is_handle(text: str) -> bool:
    """Return whether a text is a bare handle.

    Example:
        >>> is_handle("10378.1/1900005"), is_handle("hdl:10378.1/1900005")
        (True, False)
    """
    return len(text) <= READ_LIMIT and _HANDLE.fullmatch(text) is not None and text.isprintable()


def is_certain(value: object) -> bool:
    """Return whether a value can be nothing but a handle: two segments, of which the first is numeric.

    ``obs/2024.csv`` has the form of a handle, too.

    Example:
        >>> is_certain("hdl:10378.1/1900005"), is_certain("obs/2024.csv"), is_certain(None)
        (True, False, False)
    """
    if not isinstance(value, str) or len(value) > READ_LIMIT:
        return False
    text = without_scheme(value.strip()).rstrip("/")
    return is_handle(text) and _PREFIX.fullmatch(text.partition("/")[0]) is not None


def is_written(text: str) -> bool:
    """Return whether a text begins with a scheme used for handles.

    Example:
        >>> is_written("hdl:10378.1/1900005"), is_written("does/not/exist")
        (True, False)
    """
    return without_scheme(text) != text or web_host(text) is not None


def without_scheme(text: str) -> str:
    """Remove the scheme of a handle; a text without one is returned unchanged.

    Example:
        >>> without_scheme("hdl:10378.1/1451860/obs"), without_scheme("10378.1/1451860")
        ('10378.1/1451860/obs', '10378.1/1451860')
    """
    if ":" in text:
        for scheme in _SCHEMES:
            if text[: len(scheme)].lower() == scheme:
                return text[len(scheme) :]
    return text


def web_host(value: object) -> str | None:
    """Return the host of an http or https URL, in lower case; None for anything else.

    Example:
        >>> web_host("https://data.example.org/dataset/10378.1/1451860"), web_host("10378.1/1451860")
        ('data.example.org', None)
    """
    if not isinstance(value, str) or value[:4].lower() != "http":
        return None
    try:
        parts = urlsplit(value)
        return (parts.hostname or "") if parts.scheme in ("http", "https") else None
    except ValueError:
        return None


def inside(text: str) -> str | None:
    """Find the first handle in a text, by its numeric prefix.

    Example:
        >>> inside("https://prov.example.org/?rootId=10378.1%2F1451860&depth=2"), inside("reef/2024")
        ('10378.1/1451860', None)
    """
    read = text[:READ_LIMIT]
    if web_host(read) is not None:
        parts = urlsplit(read)
        read = f"{parts.path}?{parts.query}"
    for before, after in pairwise(unquote(read).split("/")):
        prefix, suffix = _last_word(before), _first_word(after)
        if suffix and _PREFIX.fullmatch(prefix):
            return f"{prefix}/{suffix}"
    return None


def sendable(argument: str, value: str) -> str:
    """Refuse a text that contains half of a surrogate pair.

    Raises:
        InvalidArgument: It cannot be encoded.
    """
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidArgument(argument, "contains half of a surrogate pair, which cannot be sent.") from None
    return value


def _bare(text: str, domain: str | None) -> str | None:
    host = web_host(text)
    if host is None:
        return without_scheme(text).rstrip("/")
    if host == _RESOLVER:
        return unquote(urlsplit(text).path).strip("/")
    return inside(text) if domain is not None and _is_of(host, domain) else None


def _is_of(host: str, domain: str) -> bool:
    own = domain.lower().partition(":")[0]
    return host == own or host.endswith(f".{own}")


_ENDS: Final = str.maketrans(dict.fromkeys("?#'\"=&:;,()<>[]", " "))


def _last_word(text: str) -> str:
    words = text.translate(_ENDS).rsplit(None, 1)
    return words[-1] if words and not text[-1:].isspace() else ""


def _first_word(text: str) -> str:
    return (text.translate(_ENDS).split(None, 1) or [""])[0] if not text[:1].isspace() else ""
