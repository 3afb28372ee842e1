"""The machine's proxy settings: HTTPS_PROXY, NO_PROXY and what the operating system has in their place."""

from __future__ import annotations

import ipaddress
from urllib.request import getproxies, proxy_bypass


def is_loopback_host(host: str) -> bool:
    """Whether a host name or IP address, without brackets, is this machine's own.

    Example:
        >>> is_loopback_host("::1"), is_loopback_host("10.0.0.1")
        (True, False)
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def proxy_for(scheme: str, host: str) -> str | None:
    """Return the URL of the proxy through which a host is reached; None means directly.

    A proxy cannot reach this machine's own ports, so those are always reached directly.

    Args:
        scheme: ``http`` or ``https``.
        host: The host, without port and brackets.

    Returns:
        The URL as the machine's settings have it; ``http://`` is added where the scheme is missing. It may hold a
        password.
    """
    if is_loopback_host(host):
        return None
    settings = getproxies()
    found = settings.get(scheme) or settings.get("all")
    if not found or proxy_bypass(host):
        return None
    return found if "://" in found else f"http://{found}"
