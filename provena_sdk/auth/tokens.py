"""What a sign-in yields: tokens with their times, the name they are stored under, and the claims inside."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Never

from provena_sdk.config import Deployment
from provena_sdk.config.settings import is_secret_for
from provena_sdk.errors import ConfigurationError, SignInRequired
from provena_sdk.secret import Secret, hidden

MARGIN_SECONDS = 60.0
"""How long before its end an access token is replaced, at most; short-lived ones at half their life."""

_KEYCLOAKS_CLIENTS = frozenset(
    {"account", "account-console", "broker", "realm-management", "security-admin-console"}
)

_CLOCK_TOLERANCE_SECONDS = 300.0
"""How far two clocks may differ before a time from the future is taken for a clock set back."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """One answer of the token endpoint. Its repr shows no token, and it refuses to be pickled.

    Args:
        access_token: Sent to the services.
        obtained_at: When the request for it was sent, in Unix seconds of this machine's clock.
        expires_at: When it ends, on the same clock; None when the server did not say.
        refresh_token: Buys the next tokens; None for grants without one.
        refresh_expires_at: When the refresh token ends; None when it does not end, or the server did not say.
    """

    access_token: Secret
    obtained_at: float
    expires_at: float | None = None
    refresh_token: Secret | None = None
    refresh_expires_at: float | None = None

    def fresh(self, now: float) -> bool:
        """Tell whether the access token can be used without renewing it first.

        Args:
            now: The time, in Unix seconds of this machine's clock.

        Returns:
            False within the smaller of 60 seconds and half the lifetime before the end, and when the clock
            was set back so far that the stored times mean nothing.

        Example:
            >>> tokens = Tokens(Secret("secret"), obtained_at=1000, expires_at=1300)
            >>> tokens.fresh(1239), tokens.fresh(1240)
            (True, False)
        """
        if self.expires_at is None:
            return True
        margin = min(MARGIN_SECONDS, (self.expires_at - self.obtained_at) / 2)
        return self.obtained_at - _CLOCK_TOLERANCE_SECONDS <= now < self.expires_at - margin

    def alive(self, now: float) -> bool:
        """Tell whether the access token has not ended yet, however soon it will."""
        return self.expires_at is None or now < self.expires_at

    def renewable(self, now: float) -> bool:
        """Tell whether the session may still go on, as far as is known here."""
        if self.refresh_token is None:
            return self.alive(now)
        return self.refresh_expires_at is None or now < self.refresh_expires_at

    def __reduce__(self) -> Never:
        raise TypeError("Tokens are not pickled; give the other process a way to sign in instead.")


@dataclass(frozen=True, slots=True)
class SessionKey:
    """Whose session it is: sessions that differ in any of these never meet.

    Args:
        issuer: Base URL of the sign-in realm.
        realm: The realm's name.
        client_id: The client that signs in.
        profile: A name of the user's choice, for several accounts on one deployment.
    """

    issuer: str
    realm: str
    client_id: str
    profile: str = "default"

    @classmethod
    def of(cls, deployment: Deployment, client_id: str, profile: str = "default") -> SessionKey:
        """Name the session of ``client_id`` at ``deployment``."""
        return cls(deployment.issuer, deployment.realm, client_id, profile)


@dataclass(frozen=True, slots=True)
class Claims:
    """What an access token says about its holder. Read, not verified: the services do that.

    Attributes:
        username: The user's name, or None for a token that cannot be read.
        roles: All roles in the token, sorted, whatever client they belong to; but not those of Keycloak's own pages.
        expires_at: The end of the access token in Unix seconds of the server's clock.
        subject: The sign-in server's own id of the user.
        email: The user's address, if the token has it.
    """

    username: str | None = None
    roles: tuple[str, ...] = ()
    expires_at: float | None = None
    subject: str | None = None
    email: str | None = None


def read_claims(access_token: str | Secret) -> Claims:
    """Read the claims of a JSON Web Token as Keycloak writes it.

    Args:
        access_token: The token; any string will do.

    Returns:
        The claims; empty ones for a token that is no JSON Web Token.

    Example:
        >>> read_claims("opaque")
        Claims(username=None, roles=(), expires_at=None, subject=None, email=None)
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
    """Read what kind of token it says it is.

    Args:
        token: Any token.

    Returns:
        Keycloak's ``typ``, such as ``Bearer``, ``Refresh`` or ``Offline``; None for a token that does not say.
    """
    return _text(_payload(token).get("typ"))


def read_session(token: str | Secret) -> str | None:
    """Read which session a token belongs to; a refresh token and those that replace it have the same.

    Returns:
        Keycloak's ``sid``; None for a token that does not say.
    """
    return _text(_payload(token).get("sid"))


def is_replaced_at_use(token: str | Secret) -> bool | None:
    """Read whether a refresh token is worth nothing, or one more use, once it was used.

    Args:
        token: A refresh or offline token.

    Returns:
        True for one of a Keycloak realm with "Revoke Refresh Token" (it has a ``reuse_id``), False for one of another
        Keycloak realm; None for a token that does not say.
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
    """Take a JSON value for a number of seconds, or for None when it is nothing of the kind."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdigit() and len(value) < 16 else None
    if isinstance(value, (int, float)) and abs(value) < 1e15:
        return float(value)
    return None


class GivenSecret(Secret):
    """A token or a client's secret that the caller gave.

    One from an environment variable pickles as the variable's name, and is read again where it is unpickled; any
    other refuses to be pickled.

    Args:
        value: The secret; surrounding white space is dropped. None leaves it to the variable.
        name: What it is, for messages, such as ``offline_token``.
        variable: The environment variable it came from, if it did.
        deployment: The deployment it is for. Where it is unpickled, an environment of another one is refused.

    Raises:
        ConfigurationError: The value is empty or cannot be a token.

    Example:
        >>> GivenSecret("s3cret", name="offline_token")
        Secret(offline_token)
    """

    __slots__ = ("_deployment", "_given", "kind", "variable")

    def __init__(
        self,
        value: str | Secret | None,
        *,
        name: str,
        variable: str | None = None,
        deployment: Deployment | None = None,
    ) -> None:
        super().__init__("", variable or name)
        self._given = None if value is None else stripped(value, self.name)
        # What is raised below must not show it.
        del value
        if self._given is not None:
            refuse_unsendable(self._given)
        self.kind = name
        self.variable = variable
        self._deployment = deployment

    def reveal(self) -> str:
        """Return the secret itself.

        Raises:
            SignInRequired: It came from an environment variable that is not set in this process, or whose neighbours
                name another deployment here.
            ConfigurationError: The variable's value cannot be a token.
        """
        if self._given is None:
            self._given = self._from_environment(self.variable or "")
        return self._given.reveal()

    def _from_environment(self, variable: str) -> Secret:
        found = stripped(os.environ.get(variable, ""), variable)
        if not found.reveal():
            raise SignInRequired(
                f"{variable} is not set in this process.", hint="Set it where the work runs, too."
            )
        there = self._deployment
        if there is not None and not is_secret_for(there, variable, os.environ):
            raise SignInRequired(
                f"{variable} of this process is for another deployment than {there.domain}.",
                hint="Where the work runs, set it with the same PROVENA_ variables beside it as here.",
            )
        refuse_unsendable(found)
        return found

    def __reduce__(self) -> tuple[object, ...]:
        if self.variable is None:
            raise ConfigurationError(
                f"{self.kind}: given as an argument, it is not pickled.",
                hint="Give it in the environment, here and where the work runs.",
            )
        return _secret_from, (self.kind, self.variable, self._deployment)


def _secret_from(name: str, variable: str, deployment: Deployment | None) -> GivenSecret:
    return GivenSecret(None, name=name, variable=variable, deployment=deployment)


def stripped(value: str | Secret, name: str) -> Secret:
    """Return a secret without the white space around it, under a name for messages."""
    return Secret(hidden(value, name).reveal().strip(), name)


def refuse_unsendable(secret: Secret) -> None:
    """Refuse a secret that cannot be a token.

    Raises:
        ConfigurationError: It is empty, or not one line of plain characters.
    """
    if not secret.is_sendable:
        raise ConfigurationError(f"{secret.name}: empty, or not one line of plain characters.")


def lifetimes(
    fields: Mapping[str, object], sent_at: float, server_ahead: float
) -> tuple[float | None, float | None]:
    """Read when the two tokens of an answer end, on this machine's clock.

    A lifetime counts from when the request was sent, so it never ends late. Where the server gives none, the
    token's own end is used, moved by how far the server's clock is ahead.

    Args:
        fields: The answer of the token endpoint.
        sent_at: When the request was sent, in Unix seconds.
        server_ahead: Seconds by which the server's clock is ahead of this machine's.

    Returns:
        The ends of the access token and of the refresh token; None where there is none. Keycloak writes 0 for
        a refresh token that does not end.
    """
    lifetime = number(fields.get("expires_in"))
    if lifetime is not None:
        expires_at: float | None = sent_at + max(lifetime, 0.0)
    else:
        end = read_claims(str(fields.get("access_token", ""))).expires_at
        expires_at = None if end is None else end - server_ahead
    refresh_lifetime = number(fields.get("refresh_expires_in"))
    return expires_at, sent_at + refresh_lifetime if refresh_lifetime else None
