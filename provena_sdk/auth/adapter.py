"""How requests reaches the sign-in server: trusting as the rest of the SDK does, and never waiting for ever.

Import this module late: it loads requests.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class SignInAdapter(HTTPAdapter):
    """Sends over TLS as one context says, and takes an answer only if the whole of it comes within the timeout.

    Left to itself, requests adds certifi's list to whatever a context trusts, prefers REQUESTS_CA_BUNDLE to what a
    session was told, and counts the timeout anew with every byte.

    Args:
        context: Whom to trust; None for plain http.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pool of direct connections."""
        super().init_poolmanager(*args, **options, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Make the pool of connections through a proxy."""
        manager = super().proxy_manager_for(proxy, **options, ssl_context=self._context)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Require a certificate, and add nobody to those who are trusted."""
        conn.cert_reqs = "CERT_REQUIRED"

    def send(self, request: Any, *args: Any, **options: Any) -> Any:
        """Send, whatever the environment says of certificates."""
        return super().send(request, *args, **{**options, "verify": True})


class _WholeAnswer(http.client.HTTPResponse):
    """An answer that has to come as a whole within the timeout that its connection has when it begins."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_Timed(raw, sock))


class _Timed(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._timeout = sock.gettimeout()
        self._deadline = time.monotonic() + (self._timeout or 0.0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._timeout is None:
            return self._raw.readinto(buffer)
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        try:
            return self._raw.readinto(buffer)
        finally:
            self._sock.settimeout(self._timeout)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Connection(HTTPConnection):
    response_class = _WholeAnswer


class _SecureConnection(HTTPSConnection):
    response_class = _WholeAnswer


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection  # pyright: ignore[reportAssignmentType]  # urllib3 ignores this in its own subclasses, too


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection  # pyright: ignore[reportAssignmentType]


_POOLS = {"http": _Pool, "https": _SecurePool}
