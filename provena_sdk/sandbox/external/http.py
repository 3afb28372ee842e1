"""HTTP requests to external parts of a deployment."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from http.client import HTTPException
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

from provena_sdk.sandbox.external.parts import Unreachable

_SECONDS: Final = 20.0
_MOST_BYTES: Final = 1 << 20


def ask(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    ca_file: str | None,
) -> bytes:
    """Send one request; for a URL on this machine no proxy is used.

    Args:
        url: The URL.
        method: The method in capitals.
        headers: Header fields.
        body: The body to send.
        ca_file: PEM file of certificates to trust instead of the system's.

    Returns:
        The answer's body, at most 1 MiB of it.

    Raises:
        Unreachable: There was no answer, or it was an error.
    """
    handlers = [HTTPSHandler(context=ssl.create_default_context(cafile=ca_file))]
    opener = build_opener(*handlers, *([ProxyHandler({})] if _is_here(url) else []))
    request = Request(url, body, dict(headers or {}), method=method)
    try:
        with opener.open(request, timeout=_SECONDS) as answer:
            content: bytes = answer.read(_MOST_BYTES)
            return content
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(f"{method} {url}: {error}") from error


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
