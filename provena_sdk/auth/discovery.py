"""The endpoints of a sign-in realm."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from provena_sdk.config.addresses import require_safe
from provena_sdk.display.text import printable
from provena_sdk.errors import ConfigurationError

DOCUMENT = "/.well-known/openid-configuration"

_PUBLISHED_AS = {
    "token": "token_endpoint",
    "device_authorization": "device_authorization_endpoint",
    "revocation": "revocation_endpoint",
    "userinfo": "userinfo_endpoint",
}


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The URLs of one realm that signing in needs."""

    token: str
    device_authorization: str
    revocation: str
    userinfo: str

    @classmethod
    def below(cls, issuer: str) -> Endpoints:
        """Return the URLs in Keycloak's layout.

        Args:
            issuer: Base URL of the realm, without a trailing slash.

        Example:
            >>> Endpoints.below("https://auth.example.org/auth/realms/provena").token
            'https://auth.example.org/auth/realms/provena/protocol/openid-connect/token'
        """
        base = f"{issuer}/protocol/openid-connect"
        return cls(f"{base}/token", f"{base}/auth/device", f"{base}/revoke", f"{base}/userinfo")

    def replaced(self, overrides: Mapping[str, str]) -> Endpoints:
        """Replace URLs with the given ones.

        Args:
            overrides: URLs by name: ``token``, ``device_authorization``, ``revocation``, ``userinfo``.

        Raises:
            ConfigurationError: A name is unknown, or a URL is neither HTTPS nor on this machine.
        """
        for name, url in overrides.items():
            if name not in _PUBLISHED_AS:
                raise ConfigurationError(
                    f"{name} is not a sign-in endpoint.",
                    hint=f"The endpoints are {', '.join(_PUBLISHED_AS)}.",
                )
            require_safe(name, url)
        return dataclasses.replace(self, **overrides)


def read_document(issuer: str, document: Mapping[str, object]) -> Endpoints:
    """Read a realm's published configuration.

    Args:
        issuer: The base URL of the realm.
        document: The published document.

    Returns:
        The realm's endpoints, in Keycloak's layout where the document does not name them.

    Raises:
        ConfigurationError: The document names another issuer, or a URL that is not safe.

    RFC 8414, section 3.3: a document that names another issuer must not be used.
    """
    named = document.get("issuer")
    if not isinstance(named, str) or named.rstrip("/") != issuer:
        raise ConfigurationError(
            "The sign-in server's configuration names another issuer than the one asked.",
            hint=f"If it is the right one, set the issuer to {printable(named)!r}."
            if isinstance(named, str)
            else None,
        )
    found = {
        name: url for name, key in _PUBLISHED_AS.items() if isinstance(url := document.get(key), str) and url
    }
    return Endpoints.below(issuer).replaced(found)
