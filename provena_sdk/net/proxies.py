"""The machine's proxy settings: HTTPS_PROXY, NO_PROXY or the operating system's equivalents."""

from __future__ import annotations

import ipaddress
from urllib.request import getproxies, proxy_bypass


def is_loopback_host(host: str) -> bool:
    """Return whether a host name or IP address, without brackets, denotes this machine.

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
    """Return the URL of the proxy for a host; None means a direct connection.

    A proxy cannot reach ports of this machine, so connections to them are always direct.

    Args:
        scheme: ``http`` or ``https``.
        host: The host, without port and brackets.

    Returns:
        The URL from the machine's settings, with ``http://`` added if the scheme is missing. It may contain a
        password.
    """
    if is_loopback_host(host):
        return None
    settings = getproxies()
    found = settings.get(scheme) or settings.get("all")
    if not found or proxy_bypass(host):
        return None
    return found if "://" in found else f"http://{found}"
