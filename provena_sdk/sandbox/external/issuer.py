"""Check the tokens of an external issuer with the keys that it publishes."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from typing import Any, Final

import jwt

from provena_sdk.sandbox.data.clock import Clock
from provena_sdk.sandbox.data.users import Identity
from provena_sdk.sandbox.external.http import ask
from provena_sdk.sandbox.external.parts import Unreachable
from provena_sdk.sandbox.signin.tokens import KEPT_CHECKS, TokenRefused, identity_of

_CONFIGURATION: Final = "/.well-known/openid-configuration"
# Least interval between fetches for an unknown key, in seconds: forged tokens must not cause more.
_ASK_AGAIN_SECONDS: Final = 1.0
# A withdrawn key is accepted at most this long, in seconds.
_KEPT_SECONDS: Final = 60.0


class ExternalIssuer:
    """Checks tokens as the services do: signature and times, but neither audience nor issuer.

    Args:
        url: The issuer's URL.
        clock: The sandbox's clock.
        ca_file: PEM file of certificates to trust when fetching its keys, instead of the system's.
    """

    def __init__(self, url: str, clock: Clock, ca_file: str | None) -> None:
        self.url = url.rstrip("/")
        self._clock = clock
        self._ca_file = ca_file
        self._lock = threading.Lock()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._asked = float("-inf")
        self._checked: dict[str, tuple[dict[str, Any], Identity]] = {}

    def load(self) -> None:
        """Fetch the keys.

        Raises:
            Unreachable: The issuer does not answer, or its answer is invalid.
        """
        self._asked = time.monotonic()
        try:
            configuration = json.loads(ask(f"{self.url}{_CONFIGURATION}", ca_file=self._ca_file))
            published = json.loads(ask(configuration["jwks_uri"], ca_file=self._ca_file))["keys"]
            keys = {key["kid"]: jwt.PyJWK(key) for key in published if _signs(key)}
        except (jwt.PyJWTError, ValueError, KeyError, TypeError) as error:
            raise Unreachable(f"{self.url} does not publish valid keys: {error!r}") from error
        if keys.keys() != self._keys.keys():
            self._checked.clear()
        self._keys = keys

    def identify(self, token: str) -> Identity:
        """Return the identity of a token's holder.

        Raises:
            TokenRefused: The token is not valid, or has no roles.
            NoUsername: The token has no user name.
            Unreachable: The issuer's keys are not known, and it does not answer.
        """
        with self._lock:
            key = self._key_of(token)
            known = self._checked.get(token)
            if known is None:
                known = _decode(token, key)
                if len(self._checked) >= KEPT_CHECKS:
                    self._checked.clear()
                self._checked[token] = known
        claims, identity = known
        now = self._clock.now()
        if claims.get("exp", now + 1) <= now or claims.get("nbf", now) > now:
            raise TokenRefused
        return identity

    def _key_of(self, token: str) -> jwt.PyJWK:
        try:
            name = jwt.get_unverified_header(token).get("kid", "")
        except (jwt.PyJWTError, ValueError):
            raise TokenRefused from None
        if name not in self._keys:
            time.sleep(max(0.0, self._asked + _ASK_AGAIN_SECONDS - time.monotonic()))
            self.load()
        elif time.monotonic() - self._asked > _KEPT_SECONDS:
            with contextlib.suppress(Unreachable):
                self.load()
        try:
            return self._keys[name]
        except KeyError:
            raise TokenRefused from None


def _decode(token: str, key: jwt.PyJWK) -> tuple[dict[str, Any], Identity]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            [key.algorithm_name],
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False},
        )
    except (jwt.PyJWTError, ValueError):
        raise TokenRefused from None
    return claims, identity_of(claims, token)


def _signs(key: dict[str, Any]) -> bool:
    # A published symmetric key would be no secret, so it is not accepted.
    return key.get("use", "sig") == "sig" and key.get("kty") != "oct"
