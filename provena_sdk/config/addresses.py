"""The rule for URLs that secrets and data may be sent to, for services, sign-in and files."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from provena_sdk.errors import ConfigurationError
from provena_sdk.net.proxies import is_loopback_host

ALLOW_PLAIN_HTTP: Final = "allow_plain_http"
"""The setting that lets a deployment use unencrypted URLs."""


def is_loopback(url: str) -> bool:
    """Return whether a URL points to this machine.

    Example:
        >>> is_loopback("http://127.0.0.1:8080/x"), is_loopback("http://127.0.0.1.example.org/")
        (True, False)
    """
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return False
    return is_loopback_host(host)


def is_safe(url: str, *, allow_plain_http: bool = False) -> bool:
    """Return whether secrets may be sent to a URL: over TLS, or without leaving this machine.

    Args:
        url: The URL; one with a user name or password is never safe.
        allow_plain_http: Whether plain HTTP to another machine is allowed as well.

    Example:
        >>> is_safe("https://example.org"), is_safe("http://example.org"), is_safe("http://localhost:8080")
        (True, False, True)
    """
    try:
        # urlsplit() parses the port only when it is read; a malformed one is a ValueError.
        parts = urlsplit(url)
        if parts.username is not None or parts.password is not None or not parts.hostname or parts.port == 0:
            return False
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and (allow_plain_http or is_loopback(url)))


def require_safe(name: str, url: str, *, allow_plain_http: bool | None = None) -> None:
    """Refuse a URL that secrets must not be sent to.

    Args:
        name: The name of the URL's setting or purpose, for messages.
        url: The URL.
        allow_plain_http: The deployment's setting; None where no setting allows plain HTTP, as in sign-in.

    Raises:
        ConfigurationError: The URL is neither HTTPS nor plain HTTP on this machine, and plain HTTP is not allowed.

    Example:
        >>> require_safe("datastore", "http://data.example.org", allow_plain_http=True)
    """
    if is_safe(url, allow_plain_http=bool(allow_plain_http)):
        return
    unless = "" if allow_plain_http is None else f", unless the deployment sets {ALLOW_PLAIN_HTTP}"
    raise ConfigurationError(
        f"{name} must be an https URL.", hint=f"Plain HTTP is for this machine only{unless}."
    )
