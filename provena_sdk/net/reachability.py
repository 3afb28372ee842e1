"""Describe which server could not be reached or trusted, and why, without path, query or secret."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

from provena_sdk.display.text import READ_LIMIT, printable
from provena_sdk.errors import CertificateRejected, ConfigurationError
from provena_sdk.net.proxies import proxy_for

_PORTS: Final = {"http": 80, "https": 443}
_ERRNO: Final = re.compile(r"\[Errno (\d+)\]")
_PROXY_STATUS: Final = re.compile(r"(?:Tunnel connection failed: )?([45]\d\d)\b")
_UNKNOWN_NAME: Final = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
_WORDS: Final = {
    errno.ECONNREFUSED: "the connection was refused",
    errno.EHOSTUNREACH: "there is no route to it",
    errno.ENETUNREACH: "there is no route to it",
    errno.EHOSTDOWN: "there is no route to it",
    errno.EADDRNOTAVAIL: "there is no route to it",
    errno.ETIMEDOUT: "the connection timed out",
    errno.ECONNRESET: "the connection broke",
    errno.ECONNABORTED: "the connection broke",
    errno.EPIPE: "the connection broke",
}

_UNKNOWN_AUTHORITY: Final = (
    "If your organisation has its own authority, name its file with ca_file, or in PROVENA_CA_FILE."
)
_CERTIFICATE_HINTS: Final = (
    # By OpenSSL's codes, X509_V_ERR_…
    (
        (9, 10, 11, 12),
        "Check this machine's clock; if it is right, the server's operator has to renew the certificate.",
    ),
    ((62, 64), "Check the address: another server may answer there."),
    (
        range(79, 95),
        "The certificate, or its authority's, breaks a rule of RFC 5280 on which Python 3.13 and newer insist. Whoever "
        "issued it has to issue a new one; until then Python 3.12 accepts it.",
    ),
)


def where(url: str) -> str:
    """Return the host of a URL, its port unless that is 443, and the proxy in use.

    Example:
        >>> where("https://data-api.example.org/v1?token=abc"), where("http://127.0.0.1:8000/")
        ('data-api.example.org', '127.0.0.1:8000')
    """
    parts = urlsplit(url)
    host = _named(parts)
    through = _proxy(parts)
    return host if through is None else f"{host} through the proxy {through}"


def why(error: BaseException) -> str | None:
    """Return why no connection was made, or None if the error does not show it.

    Args:
        error: A library's error, whose causes are examined too.

    Example:
        >>> why(ConnectionRefusedError(111, "Connection refused"))
        'the connection was refused'
    """
    timed_out = False
    broke = False
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            unknown = cause.errno in _UNKNOWN_NAME
            return "the name is not known" if unknown else "the name could not be looked up"
        if isinstance(cause, ssl.SSLError):
            reason = printable((cause.reason or "").replace("_", " ").lower())
            return f"no secure connection could be agreed on{f' ({reason})' if reason else ''}"
        number = cause.errno if isinstance(cause, OSError) else None
        if number is None and isinstance(cause, OSError):
            # asyncio joins the failures for several IP addresses of one host into one text.
            found = _ERRNO.search(str(cause)[:READ_LIMIT])
            number = int(found.group(1)) if found else None
        if number in _WORDS:
            return _WORDS[number]
        timed_out = timed_out or isinstance(cause, TimeoutError)
        broke = broke or isinstance(cause, ConnectionError)
    if timed_out:
        return "the connection timed out"
    return "the connection broke" if broke else None


def failed_step(error: BaseException) -> Literal["DNS", "TLS", "connection"]:
    """Return the step of connecting that failed.

    Args:
        error: A library's error, whose causes are examined too.

    Example:
        >>> failed_step(ConnectionRefusedError(111, "Connection refused"))
        'connection'
    """
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return "DNS"
        if isinstance(cause, (ssl.SSLError, ConfigurationError)):
            return "TLS"
    return "connection"


def rejected_certificate(
    error: BaseException, server: str, *, operation: str | None = None
) -> CertificateRejected | None:
    """Return the error for a certificate that could not be verified, with OpenSSL's reason and the next step.

    Args:
        error: A library's error, whose causes are examined too.
        server: The server in words, such as ``search service at search.example.org``.
        operation: The operation's name.

    Returns:
        The error, or None if the certificate was not the reason.
    """
    found = next((one for one in _causes(error) if isinstance(one, ssl.SSLCertVerificationError)), None)
    if found is None:
        return None
    code = getattr(found, "verify_code", 0)
    reason = getattr(found, "verify_message", "") or getattr(found, "reason", None) or "no reason given"
    hint = next((hint for codes, hint in _CERTIFICATE_HINTS if code in codes), _UNKNOWN_AUTHORITY)
    return CertificateRejected(
        f"The certificate of the {server} could not be verified: {printable(str(reason).rstrip('.'))}.",
        operation=operation,
        hint=hint,
    )


def proxy_status(error: BaseException) -> str | None:
    """Return the status of a proxy's answer, in words, or None if the error does not show one."""
    for cause in _causes(error):
        found = _PROXY_STATUS.match(str(cause)[:READ_LIMIT])
        if found:
            return f"the proxy answered {found.group(1)}"
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    known: set[int] = set()
    while current is not None and id(current) not in known:
        known.add(id(current))
        yield current
        if isinstance(current, BaseExceptionGroup):
            for one in current.exceptions:
                yield from _causes(one)
        # botocore keeps the error that it wraps in an attribute, urllib3 in args.
        wrapped = (getattr(current, "original_error", None), *current.args)
        inner = next((one for one in wrapped if isinstance(one, BaseException)), None)
        current = current.__cause__ or inner or current.__context__


def _named(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = parts.port or _PORTS.get(parts.scheme)
    return host if port in (None, 443) else f"{host}:{port}"


def _proxy(parts: SplitResult) -> str | None:
    found = proxy_for(parts.scheme, parts.hostname or "")
    try:
        return None if found is None else _named(urlsplit(found)) or None
    except ValueError:
        return None
