"""Try the connection to one server step by step: its name, its certificate, an answer, its clock."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from provena_sdk.display.text import printable
from provena_sdk.errors import ConfigurationError
from provena_sdk.net.http_dates import http_time
from provena_sdk.net.proxies import proxy_for
from provena_sdk.net.reachability import failed_step, proxy_status, rejected_certificate, why
from provena_sdk.net.tls import shared_tls_context

_MOST_BYTES: Final = 4 * 1024 * 1024
_NAMES: Final = 3


@dataclass(slots=True)
class Probe:
    """What one server does when it is asked, each step in words.

    Attributes:
        url: The URL that was asked, without query.
        dns: The IP addresses of its host, or why there are none; the proxy if one is used.
        tls: The version of TLS, the certificate's issuer and its last day, or why there is no secure connection.
        answer: The status and its time in milliseconds, or why the service did not answer.
        status: The HTTP status; None if there was no answer.
        clock_ahead: Seconds by which its clock is ahead of this machine's; None if it did not say.
        interface: The version of its OpenAPI document, if it was asked for.
        failed: The step that failed: ``DNS``, ``connection``, ``TLS`` or ``answer``; empty if none did.
        hint: What to do about it, if that is known.
    """

    url: str
    dns: str = ""
    tls: str = ""
    answer: str = ""
    status: int | None = None
    clock_ahead: float | None = None
    interface: str = ""
    failed: str = ""
    hint: str = ""


def probe(url: str, *, ca_file: str | None, timeout: float, document: str | None = None) -> Probe:
    """Ask a server without a token.

    Args:
        url: The URL to ask.
        ca_file: File of the certificate authorities to trust; None means the usual ones.
        timeout: Seconds for each step.
        document: The path of the server's OpenAPI document below the URL's; None does not ask for it.
    """
    found = Probe(url.partition("?")[0])
    parts = urlsplit(url)
    host = parts.hostname or ""
    proxy = proxy_for(parts.scheme, host)
    found.dns = _addresses(urlsplit(proxy).hostname or "" if proxy else host)
    if proxy:
        found.dns = f"through the proxy {printable(urlsplit(proxy).hostname)}: {found.dns}"
    try:
        line = _line(url, proxy, ca_file, timeout)
        try:
            _connect(line, found)
            _ask(line, parts.path or "/", found)
            if document is not None and found.status is not None:
                found.interface = _described(line, parts.path.rstrip("/") + document)
        finally:
            line.close()
    except (OSError, http.client.HTTPException, ValueError, ConfigurationError) as error:
        rejected = rejected_certificate(error, f"server {printable(host)}")
        words = why(error) if rejected is None else f"{rejected.message[:1].lower()}{rejected.message[1:-1]}"
        reason = proxy_status(error) or words or printable(error) or type(error).__name__
        found.failed = "answer" if found.tls else failed_step(error)
        found.hint = getattr(rejected or error, "hint", None) or ""
        if found.tls or parts.scheme == "http":
            found.answer = found.answer or reason
        else:
            found.tls = reason
    return found


def _addresses(host: str) -> str:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        return why(error) or printable(error)
    names = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    return ", ".join(names[:_NAMES]) + (f" and {len(names) - _NAMES} more" if len(names) > _NAMES else "")


def _line(url: str, proxy: str | None, ca_file: str | None, timeout: float) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    to = urlsplit(proxy) if proxy else parts
    place = to.hostname or "", to.port
    if parts.scheme != "https":
        return http.client.HTTPConnection(*place, timeout=timeout)
    line = http.client.HTTPSConnection(*place, timeout=timeout, context=shared_tls_context(ca_file))
    if proxy:
        line.set_tunnel(parts.hostname or "", parts.port or 443, _authorization(to.username, to.password))
    return line


def _authorization(name: str | None, password: str | None) -> dict[str, str]:
    if name is None:
        return {}
    given = f"{unquote(name)}:{unquote(password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(given).decode()}"}


def _connect(line: http.client.HTTPConnection, found: Probe) -> None:
    line.connect()
    if not isinstance(line.sock, ssl.SSLSocket):
        found.tls = "none: plain HTTP"
        return
    certificate = line.sock.getpeercert() or {}
    issuer: dict[str, str] = {}
    for entry in certificate.get("issuer", ()):
        for pair in entry:
            issuer[str(pair[0])] = str(pair[1])
    by = issuer.get("organizationName") or issuer.get("commonName") or "an unnamed issuer"
    until = certificate.get("notAfter", "an unknown day")
    found.tls = printable(f"{line.sock.version()}, issued by {by}, valid until {until}")


def _ask(line: http.client.HTTPConnection, path: str, found: Probe) -> None:
    began = time.time()
    line.request("GET", path, headers={"Accept": "application/json"})
    answer = line.getresponse()
    answer.read(_MOST_BYTES)
    ended = time.time()
    found.status = answer.status
    found.answer = f"{answer.status} in {(ended - began) * 1000:.0f} ms"
    date = http_time(answer.headers.get("date"))
    if date is not None:
        found.clock_ahead = date.timestamp() + 0.5 - (began + ended) / 2


def _described(line: http.client.HTTPConnection, path: str) -> str:
    """Return what a server says of its interface; whatever it sends, what is known of it already stays."""
    try:
        return _version(line, path)
    except Exception as error:  # RecursionError too, for a document nested too deeply
        return f"unreadable: {why(error) or printable(error, 80) or type(error).__name__}"


def _version(line: http.client.HTTPConnection, path: str) -> str:
    line.request("GET", path, headers={"Accept": "application/json"})
    answer = line.getresponse()
    body = answer.read(_MOST_BYTES)
    if answer.status != 200:
        return f"not published ({answer.status})"
    document = json.loads(body)
    info = document.get("info") if isinstance(document, dict) else None
    version = info.get("version") if isinstance(info, dict) else None
    if not isinstance(version, str):
        return "unreadable: no OpenAPI document"
    paths = document.get("paths")
    return f"{printable(version, 40)}, {len(paths) if isinstance(paths, dict) else 0} paths"
