"""Read the claims of tokens, without verifying them."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from provena_sdk.display.text import printable
from provena_sdk.secret import Secret, hidden

_KEYCLOAKS_CLIENTS = frozenset(
    {"account", "account-console", "broker", "realm-management", "security-admin-console"}
)


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims in an access token about its holder. They are not verified here: the services do that.

    Attributes:
        username: The user's name, or None for a token that cannot be read.
        roles: All roles in the token, sorted, from every client except Keycloak's own pages.
        expires_at: The expiry of the access token, in Unix seconds of the server's clock.
        subject: The sign-in server's id of the user.
        email: The user's email address, if the token contains it.
    """

    username: str | None = None
    roles: tuple[str, ...] = ()
    expires_at: float | None = None
    subject: str | None = None
    email: str | None = None

    def __repr__(self) -> str:
        return f"<Claims of {printable(self.username or 'nobody', 100)}: {len(self.roles)} roles>"


def read_claims(access_token: str | Secret) -> Claims:
    """Return the claims of a JSON Web Token, as Keycloak writes them.

    Args:
        access_token: The token; any string is accepted.

    Returns:
        The claims; empty for a token that is not a JSON Web Token.

    Example:
        >>> read_claims("opaque")
        <Claims of nobody: 0 roles>
    """
    payload = _payload(access_token)
    holders: list[object] = [payload.get("realm_access")]
    by_client = payload.get("resource_access")
    if isinstance(by_client, dict):
        holders.extend(roles for client, roles in by_client.items() if client not in _KEYCLOAKS_CLIENTS)
    roles: set[str] = set()
    for holder in holders:
        granted = holder.get("roles") if isinstance(holder, dict) else None
        if isinstance(granted, list):
            roles.update(role for role in granted if isinstance(role, str))
    return Claims(
        username=_text(payload.get("preferred_username")) or _text(payload.get("username")),
        roles=tuple(sorted(roles)),
        expires_at=number(payload.get("exp")),
        subject=_text(payload.get("sub")),
        email=_text(payload.get("email")),
    )


def read_kind(token: str | Secret) -> str | None:
    """Return the kind of a token, according to its claims.

    Args:
        token: Any token.

    Returns:
        Keycloak's ``typ``, such as ``Bearer``, ``Refresh`` or ``Offline``; None for a token without one.
    """
    return _text(_payload(token).get("typ"))


def read_client(token: str | Secret) -> str | None:
    """Return the client that a token was issued to.

    Returns:
        Keycloak's ``azp``; None for a token without one.
    """
    return _text(_payload(token).get("azp"))


def read_session(token: str | Secret) -> str | None:
    """Return the session that a token belongs to; a refresh token and its replacements share one.

    Returns:
        Keycloak's ``sid``; None for a token without one.
    """
    return _text(_payload(token).get("sid"))


def is_replaced_at_use(token: str | Secret) -> bool | None:
    """Return whether a use replaces a refresh token, so that the old one is invalid or has one use left.

    Args:
        token: A refresh or offline token.

    Returns:
        True for a token of a Keycloak realm with "Revoke Refresh Token" (it has a ``reuse_id``), False for one of
        another Keycloak realm; None for a token that does not show it.
    """
    payload = _payload(token)
    if _text(payload.get("typ")) not in ("Refresh", "Offline"):
        return None
    return "reuse_id" in payload


def _payload(token: str | Secret) -> dict[str, object]:
    parts = hidden(token, "token").reveal().split(".")
    if len(parts) != 3:
        return {}
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return {}
    return payload if isinstance(payload, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def number(value: object) -> float | None:
    """Return a JSON value as a number of seconds, or None if it is not one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdigit() and len(value) < 16 else None
    if isinstance(value, (int, float)) and abs(value) < 1e15:
        return float(value)
    return None
