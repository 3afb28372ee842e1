"""How requests trusts a server: as the rest of the SDK does. Import this module late: it loads requests."""

from __future__ import annotations

import ssl
from typing import Any

from requests.adapters import HTTPAdapter


class TrustingAdapter(HTTPAdapter):
    """Sends over TLS as one context says.

    Left to itself, requests adds certifi's list to whatever a context trusts, and prefers REQUESTS_CA_BUNDLE to what a
    session was told.

    Args:
        context: Whom to trust.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pool of direct connections."""
        super().init_poolmanager(*args, **options, ssl_context=self._context)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Make the pool of connections through a proxy."""
        return super().proxy_manager_for(proxy, **options, ssl_context=self._context)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Require a certificate, and add nobody to those who are trusted."""
        conn.cert_reqs = "CERT_REQUIRED"

    def send(self, request: Any, *args: Any, **options: Any) -> Any:
        """Send, whatever the environment says of certificates."""
        return super().send(request, *args, **{**options, "verify": True})
