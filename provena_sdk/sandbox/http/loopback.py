"""Refuse requests that do not come from this machine.

Any web page can make the browser send requests to loopback addresses. A page on another site could therefore approve a
device or move the clock, by submitting a form, or by letting its own name resolve to 127.0.0.1 (DNS rebinding). The
browser sends the page's site in ``Origin`` and the name it used in ``Host``; a page can change neither.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

_MAX_CHARS: Final = 512
_AUTHORITY: Final = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?", re.IGNORECASE)
_WRONG_HOST: Final = "Host must be localhost or a loopback address: the sandbox serves this machine only."
_WRONG_ORIGIN: Final = (
    "Origin must be localhost or a loopback address: the sandbox serves pages of this machine only."
)


def wrong_host(headers: Mapping[str, str], *, subdomains: bool = False) -> str | None:
    """Return why a request for another machine is refused.

    Args:
        headers: Header fields by lower-case name.
        subdomains: Whether names below a loopback name are accepted too, as in S3's virtual-host addressing
            (``bucket.localhost``).

    Returns:
        The reason, or None if the request is for this machine.

    Example:
        >>> wrong_host({"host": "127.0.0.1:8000"})
        >>> wrong_host({"host": "attacker.example"})
        'Host must be localhost or a loopback address: the sandbox serves this machine only.'
    """
    return None if _is_loopback(headers.get("host", ""), subdomains) else _WRONG_HOST


def wrong_origin(headers: Mapping[str, str]) -> str | None:
    """Return why a request sent by a page of another machine is refused; None for all other requests."""
    origin = headers.get("origin")
    return None if origin is None or _is_loopback_origin(origin) else _WRONG_ORIGIN


def _is_loopback_origin(origin: str) -> bool:
    scheme, _, authority = origin.partition("://")
    return scheme in ("http", "https") and _is_loopback(authority, False)


@lru_cache(maxsize=256)
def _is_loopback(authority: str, subdomains: bool) -> bool:
    """Return whether ``host[:port]`` is this machine."""
    found = _AUTHORITY.fullmatch(authority) if len(authority) <= _MAX_CHARS else None
    if found is None:
        return False
    labels = found[1].strip("[]").lower().removesuffix(".").split(".")
    starts = range(len(labels) if subdomains else 1)
    return any(_is_loopback_name(".".join(labels[start:])) for start in starts)


def _is_loopback_name(name: str) -> bool:
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
