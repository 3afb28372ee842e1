"""Issue and check signed tokens."""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from provena_sdk.sandbox.data.clock import Clock
from provena_sdk.sandbox.data.users import EVERYONES_ROLES, Identity, User

ALGORITHM: Final = "RS256"
KEPT_CHECKS: Final = 4096


@lru_cache(maxsize=1)
def _realm_key() -> rsa.RSAPrivateKey:
    # One key per process: generating one takes 0.1 s.
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class TokenRefused(Exception):
    """The token is not accepted; ``detail`` is the service's answer."""

    def __init__(self, detail: str = "Could not validate credentials") -> None:
        super().__init__(detail)
        self.detail = detail


class NoUsername(Exception):
    """The token is valid but has no user name, which crashes the real service."""


class TokenMaker:
    """Issues and checks the tokens of one realm.

    Args:
        issuer: The realm's URL, included in every token.
        clock: The sandbox's clock.
    """

    def __init__(self, issuer: str, clock: Clock) -> None:
        self.issuer = issuer
        self.clock = clock
        self.key_id = secrets.token_urlsafe(32)
        self._key = _realm_key()
        self._refresh_secret = secrets.token_bytes(64)
        self._checked: dict[str, tuple[dict[str, Any], Identity]] = {}
        self.revoked: set[str] = set()

    def sign(self, claims: Mapping[str, Any], *, lifetime: float | None, kind: str = "Bearer") -> str:
        """Return an RS256 token with ``claims``; without a lifetime it has no ``exp``."""
        now = int(self.clock.now())
        body: dict[str, Any] = {
            "iat": now,
            "jti": str(uuid.uuid4()),
            "iss": self.issuer,
            "typ": kind,
            **claims,
        }
        if lifetime is not None:
            body["exp"] = int(now + lifetime)
        return jwt.encode(body, self._key, ALGORITHM, headers={"kid": self.key_id})

    def access_token(
        self, user: User, *, lifetime: float | None, client: str, session: str, scope: str = "email profile"
    ) -> str:
        """Return an access token for ``user``, with the claims of a Keycloak realm."""
        claims: dict[str, Any] = {
            "aud": "account",
            "sub": subject_of(user.name),
            "azp": client,
            "sid": session,
            "acr": "1",
            "realm_access": {"roles": [*user.roles, *EVERYONES_ROLES]},
            "scope": scope,
            "email_verified": user.email is not None,
            "preferred_username": user.name,
            "name": user.name.capitalize(),
        }
        if user.email is not None:
            claims["email"] = user.email
        return self.sign(claims, lifetime=lifetime)

    def refresh_token(
        self,
        *,
        client: str,
        session: str,
        lifetime: float | None,
        offline: bool,
        reuse_id: str | None = None,
    ) -> str:
        """Return a refresh token, which only this realm can read; if its uses are limited, it has a ``reuse_id``."""
        now = int(self.clock.now())
        claims: dict[str, Any] = {
            "iat": now,
            "jti": str(uuid.uuid4()),
            "iss": self.issuer,
            "aud": self.issuer,
            "typ": "Offline" if offline else "Refresh",
            "azp": client,
            "sid": session,
        }
        if lifetime is not None:
            claims["exp"] = int(now + lifetime)
        if reuse_id is not None:
            claims["reuse_id"] = reuse_id
        return jwt.encode(claims, self._refresh_secret, "HS512", headers={"kid": self.key_id})

    def read_refresh_token(self, token: str) -> dict[str, Any]:
        """Return the claims of a refresh token of this realm, expired or not.

        Raises:
            TokenRefused: It was not issued by this realm.
        """
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._refresh_secret,
                ["HS512"],
                options={"verify_exp": False, "verify_aud": False, "verify_iat": False},
            )
        except jwt.PyJWTError:
            raise TokenRefused("Invalid refresh token") from None
        return claims

    def claims(self, token: str) -> dict[str, Any]:
        """Return the claims of an access token of this realm that is valid now.

        Raises:
            TokenRefused: Bad signature, expired, not valid yet, or revoked.
        """
        return self._check(token)[0]

    def identify(self, token: str) -> Identity:
        """Return the identity of an access token's holder.

        The services check the signature and the times, but neither audience nor issuer; a token without ``exp``
        is accepted.

        Raises:
            TokenRefused: The token is not valid, or has no roles.
            NoUsername: The token has no user name.
        """
        return self._check(token)[1]

    def _check(self, token: str) -> tuple[dict[str, Any], Identity]:
        known = self._checked.get(token)
        if known is None:
            known = self._decode(token)
            if len(self._checked) >= KEPT_CHECKS:
                self._checked.clear()
            self._checked[token] = known
        claims = known[0]
        now = self.clock.now()
        if (
            claims.get("exp", now + 1) <= now
            or claims.get("nbf", now) > now
            or claims.get("jti") in self.revoked
        ):
            raise TokenRefused
        return known

    def _decode(self, token: str) -> tuple[dict[str, Any], Identity]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key.public_key(),
                [ALGORITHM],
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False},
            )
        except (jwt.PyJWTError, ValueError):
            raise TokenRefused from None
        return claims, identity_of(claims, token)

    def keys(self) -> dict[str, Any]:
        """Return the realm's public keys, as a JWK set."""
        key: dict[str, Any] = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": self.key_id, "alg": ALGORITHM, "use": "sig"}]}

    def public_key(self) -> str:
        """Return the realm's public key as PEM without the first and last line, as its page shows it."""
        key = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(key).decode()


def identity_of(claims: Mapping[str, Any], token: str) -> Identity:
    """Return the identity of the holder of a token with these claims.

    Raises:
        TokenRefused: It has no roles.
        NoUsername: It has no user name.
    """
    try:
        roles = tuple(claims["realm_access"]["roles"])
    except (KeyError, TypeError):
        raise TokenRefused("Token had incorrect structure.") from None
    username = claims.get("preferred_username")
    if username is None:
        raise NoUsername
    return Identity(username, claims.get("email"), roles, token)


def subject_of(username: str) -> str:
    """Return the user's id in tokens, which is always the same for one name."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{username}.sandbox"))
