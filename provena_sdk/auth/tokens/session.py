"""The tokens of a session with their lifetimes, and the key under which the session is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Never

from provena_sdk.auth.tokens.claims import number, read_claims
from provena_sdk.config.deployment import Deployment
from provena_sdk.display.text import printable
from provena_sdk.secret import Secret

MARGIN_SECONDS = 60.0
"""Seconds before its expiry at which an access token is replaced; at half its lifetime, if that is later."""

_CLOCK_TOLERANCE_SECONDS = 300.0
"""Seconds by which two clocks may differ; a time further in the future means that the clock was set back."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens in an answer of the token endpoint. The repr shows no token; pickling is refused.

    Args:
        access_token: The token to send to the services.
        obtained_at: When the request for it was sent, in Unix seconds of this machine's clock.
        expires_at: When it expires, on the same clock; None when the server did not state it.
        refresh_token: The token to exchange for the next ones; None for grants without one.
        refresh_expires_at: When the refresh token expires; None when it does not, or the server did not state it.
    """

    access_token: Secret
    obtained_at: float
    expires_at: float | None = None
    refresh_token: Secret | None = None
    refresh_expires_at: float | None = None

    def fresh(self, now: float) -> bool:
        """Return whether the access token can be used without renewing it first.

        Args:
            now: The time, in Unix seconds of this machine's clock.

        Returns:
            False in the last 60 seconds or the last half of the lifetime, whichever is shorter, and when the clock
            was set back so far that the stored times are meaningless.

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
        """Return whether the access token has not expired, even if it is about to."""
        return self.expires_at is None or now < self.expires_at

    def renewable(self, now: float) -> bool:
        """Return whether the session can be continued, as far as is known here."""
        if self.refresh_token is None:
            return self.alive(now)
        return self.refresh_expires_at is None or now < self.refresh_expires_at

    def __reduce__(self) -> Never:
        raise TypeError("Tokens are not pickled; give the other process a way to sign in instead.")


@dataclass(frozen=True, slots=True)
class SessionKey:
    """The key of a session: sessions that differ in any field are separate.

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

    def __repr__(self) -> str:
        return (
            f"<SessionKey {printable(self.issuer, 80)}, {printable(f'{self.client_id}, {self.profile}', 80)}>"
        )

    @classmethod
    def of(cls, deployment: Deployment, client_id: str, profile: str = "default") -> SessionKey:
        """Return the key for ``client_id`` at ``deployment``."""
        return cls(deployment.issuer, deployment.realm, client_id, profile)


def lifetimes(
    fields: Mapping[str, object], sent_at: float, server_ahead: float
) -> tuple[float | None, float | None]:
    """Return when the two tokens of an answer expire, on this machine's clock.

    A lifetime starts when the request was sent, so the expiry is never too late. If the server states no lifetime, the
    token's expiry claim is used, corrected by how far the server's clock is ahead.

    Args:
        fields: The answer of the token endpoint.
        sent_at: When the request was sent, in Unix seconds.
        server_ahead: Seconds by which the server's clock is ahead of this machine's.

    Returns:
        The expiry of the access token and of the refresh token, in Unix seconds; None where unknown. Keycloak writes 0
        for a refresh token that does not expire.
    """
    lifetime = number(fields.get("expires_in"))
    if lifetime is not None:
        expires_at: float | None = sent_at + max(lifetime, 0.0)
    else:
        end = read_claims(str(fields.get("access_token", ""))).expires_at
        expires_at = None if end is None else end - server_ahead
    refresh_lifetime = number(fields.get("refresh_expires_in"))
    return expires_at, sent_at + refresh_lifetime if refresh_lifetime else None
