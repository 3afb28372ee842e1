"""Sign in with an offline token from a file or command: read when first needed, and stored nowhere else."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from provena_sdk.auth.errors import Refusal
from provena_sdk.auth.flows import OfflineToken
from provena_sdk.auth.server import SignInServer
from provena_sdk.auth.store.offline_token import TokenPlace, place_of
from provena_sdk.auth.tokens import SessionKey, Tokens, is_replaced_at_use, read_session
from provena_sdk.config.deployment import Deployment
from provena_sdk.config.settings import Credential
from provena_sdk.display.notices import warn
from provena_sdk.display.text import printable
from provena_sdk.errors import SignInError
from provena_sdk.secret import Secret

_TRIES: Final = 3


class HeldSecret(Secret):
    """A token that is read from its file or command when first needed. A pickle holds only that place.

    Args:
        credential: The file or the command.

    Attributes:
        place: The file or command that holds the token.
    """

    __slots__ = ("_read", "credential", "place")

    def __init__(self, credential: Credential) -> None:
        super().__init__("", "offline_token")
        self.credential = credential
        self.place: TokenPlace = place_of(credential)
        self._read: Secret | None = None

    def reveal(self) -> str:
        """Return the token; the first call reads the file or runs the command.

        Raises:
            ConfigurationError: The file cannot be read, the command fails, or the content is not a token.
        """
        if self._read is None:
            self._read = self.place.read()
        return self._read.reveal()

    def __repr__(self) -> str:
        return f"Secret(offline_token of {self.place.name})"

    def __reduce__(self) -> tuple[object, ...]:
        return HeldSecret, (self.credential,)


class HeldOfflineToken(OfflineToken):
    """Sign-in with an offline token from a file or a command.

    If the place is writable and the sign-in server replaces the token at each use, the new token is written there, so
    the next process starts with a valid token, whatever its state folder.

    Args:
        server: The sign-in server.
        deployment: The deployment.
        client_id: The client the token is for.
        profile: Keeps several sessions on one deployment apart.
        token: The token.
    """

    def __init__(
        self, server: SignInServer, deployment: Deployment, client_id: str, profile: str, token: HeldSecret
    ) -> None:
        self.server = server
        self._token: HeldSecret = token
        self._named = (deployment, client_id, profile)
        self._key: SessionKey | None = None
        # A replacement of the token that could not be written.
        self._unwritten: Secret | None = None

    @property
    def _place(self) -> TokenPlace:
        return self._token.place

    @property
    def key(self) -> SessionKey:  # type: ignore[override]  # derived from the token when first needed
        """The key under which replacements of the token are stored."""
        if self._key is None:
            self._key = offline_key(*self._named, self._token)
        return self._key

    @property
    def way(self) -> str:
        """How this flow signs in, in words."""
        return f"with the offline token of {self._place.name}, as client {self._named[1]}"

    def renew(self, tokens: Tokens) -> Tokens | Refusal:
        """Exchange the newest known token: that of its file or command, if the place is writable."""
        return self._trade_in_place() if self._place.is_writable else super().renew(tokens)

    def restart(self, tokens: Tokens) -> Tokens | None:
        """Sign in with the given token, if its replacements are stored elsewhere."""
        return None if self._place.is_writable else super().restart(tokens)

    def _begin(self) -> Tokens | Refusal:
        return self._trade_in_place() if self._place.is_writable else super()._begin()

    def _trade_in_place(self) -> Tokens | Refusal:
        """Exchange the token and write its replacement to the same place, under a lock."""
        result: Tokens | Refusal = Refusal("invalid_grant")
        with self._place.lock():
            for _ in range(_TRIES):
                token = self._unwritten or self._place.read()
                result = self._refresh(token)
                if isinstance(result, Tokens):
                    self._put_back(token, result.refresh_token)
                    return result
                # The lock may be ineffective: another process may have been faster.
                if result.code != "invalid_grant" or self._place.read() == token:
                    break
                self._unwritten = None
        return result

    def _put_back(self, former: Secret, token: Secret | None) -> None:
        if token is None or token == former or is_replaced_at_use(token) is False:
            return
        try:
            self._place.write(token)
        except OSError as error:
            self._unwritten = token
            reason = printable(error.strerror or str(error) or type(error).__name__)
            warn(
                f"The sign-in server replaced the offline token of {printable(self._place.name)}, and the new one "
                f"could not be put there ({reason}). This process continues with it; the next one cannot sign in."
            )
        else:
            self._unwritten = None

    def ended(self, refusal: Refusal) -> SignInError:
        """Return the error for a token that is no longer accepted."""
        error = super().ended(refusal)
        if self._place.is_writable or not is_replaced_at_use(self._token):
            error.hint = f"Create a new one, and put it in place of the one of {self._place.name}."
        return error

    def __repr__(self) -> str:
        return f"OfflineToken({self._named[1]!r} at {self._named[0].issuer!r})"

    def __getstate__(self) -> dict[str, Any]:
        # The place may hold another token where this is unpickled.
        return {**self.__dict__, "_key": None, "_unwritten": None}


def offline_key(deployment: Deployment, client_id: str, profile: str, token: Secret) -> SessionKey:
    """Return the session key of an offline token and its replacements.

    Unrelated tokens have different keys, so an old token's session never hides a new token.
    """
    mark = hashlib.sha256((read_session(token) or token.reveal()).encode()).hexdigest()[:16]
    return SessionKey.of(deployment, client_id, f"{profile}:offline:{mark}")
