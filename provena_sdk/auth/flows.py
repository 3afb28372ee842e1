"""The ways to sign in, with one interface."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from provena_sdk.auth.device import DeviceCode, request_code, wait_for_approval
from provena_sdk.auth.errors import Refusal, explain
from provena_sdk.auth.prompts.default import default_presenter
from provena_sdk.auth.prompts.environment import someone_watches
from provena_sdk.auth.prompts.prompt import Presenter, Prompt
from provena_sdk.auth.server import SignInServer
from provena_sdk.auth.tokens import (
    Claims,
    GivenSecret,
    SessionKey,
    Tokens,
    is_replaced_at_use,
    read_claims,
    read_client,
)
from provena_sdk.display.text import printable
from provena_sdk.errors import (
    ConfigurationError,
    ProvenaError,
    SessionEnded,
    SignInDenied,
    SignInError,
    SignInRequired,
)
from provena_sdk.secret import Secret

if TYPE_CHECKING:
    from oauthlib.oauth2 import DeviceClient

    from provena_sdk.auth.http import Line

WAYS_OUT = (
    "Sign in once at a terminal or in a notebook, pass interactive=True where somebody watches, or set "
    "PROVENA_OFFLINE_TOKEN, or PROVENA_CLIENT_ID and PROVENA_CLIENT_SECRET, or PROVENA_ACCESS_TOKEN."
)


class Flow(Protocol):
    """A way to sign in.

    Attributes:
        asks_person: Whether ``begin`` needs a person.
        stores: Whether to store the tokens for later processes.
        renews: Whether the first tokens can be replaced by new ones.
    """

    asks_person: ClassVar[bool]
    stores: ClassVar[bool]
    renews: ClassVar[bool]

    @property
    def key(self) -> SessionKey:
        """The key under which the session is stored."""
        ...

    @property
    def server(self) -> SignInServer | None:
        """The sign-in server, if it is known."""
        ...

    @property
    def way(self) -> str:
        """How this flow signs in, in words."""
        ...

    def begin(self) -> Tokens:
        """Obtain the first tokens.

        Raises:
            SignInError: Signing in failed; the subclass names the cause.
            ConnectionFailed: The sign-in server cannot be reached.
        """
        ...

    def renew(self, tokens: Tokens) -> Tokens | Refusal:
        """Return tokens that replace ``tokens``, without asking a person, or the server's refusal."""
        ...

    def restart(self, tokens: Tokens) -> Tokens | None:
        """Sign in again without a person after ``tokens`` were refused; return None if that is not possible."""
        ...

    def replace(self, former: Claims, tokens: Tokens) -> None:
        """Check that another user's session may replace that of ``former``.

        Raises:
            SignInDenied: It must not.
        """
        ...

    def end(self, tokens: Tokens) -> None:
        """End the session at the server, if it belongs to this flow."""
        ...

    def ended(self, refusal: Refusal) -> SignInError:
        """Return the error for a session that the server no longer accepts."""
        ...


class DeviceFlow:
    """A person signs in with a browser, on this machine or another (RFC 8628).

    Args:
        server: The sign-in server.
        key: The key under which the session is stored; its client signs in.
        deployment: The deployment's name, as the person knows it.
        scopes: The scopes to request.
        interactive: Whether a person may be asked; None checks each time.
        present: Shows the page and the code; None chooses a presenter for the terminal or notebook.
    """

    asks_person: ClassVar[bool] = True
    stores: ClassVar[bool] = True
    renews: ClassVar[bool] = True

    def __init__(
        self,
        server: SignInServer,
        key: SessionKey,
        *,
        deployment: str,
        scopes: tuple[str, ...] = ("openid",),
        interactive: bool | None = None,
        present: Presenter | None = None,
    ) -> None:
        self.key = key
        self.server = server
        self._deployment = deployment
        self._scopes = scopes
        self.interactive = interactive
        self.present = present

    @property
    def way(self) -> str:
        """How this flow signs in, in words."""
        return f"by a person, as client {self.key.client_id}"

    def presenter(self) -> Presenter:
        """Return the given presenter, or the default one for the terminal or notebook."""
        return self.present or default_presenter()

    def begin(self) -> Tokens:
        """Ask the person to sign in, and wait.

        Raises:
            SignInRequired: No person can be asked here.
            SignInDenied: The person refused.
            SignInExpired: The person did not answer in time.
        """
        if not (someone_watches() if self.interactive is None else self.interactive):
            raise SignInRequired(
                f"Nobody is signed in to {self._deployment}, and nobody can be asked here.", hint=WAYS_OUT
            )
        from oauthlib.oauth2 import DeviceClient  # noqa: PLC0415  # keeps oauthlib away

        client = DeviceClient(self.key.client_id)

        def ask(line: Line) -> DeviceCode | Refusal:
            return request_code(line, self.server.endpoints(line).device_authorization, scopes=self._scopes)

        code = self.server.persist(client, ask)
        if isinstance(code, Refusal):
            raise explain(code, client_id=self.key.client_id)
        return self._wait(client, code)

    def _wait(self, client: DeviceClient, code: DeviceCode) -> Tokens:
        present = self.presenter()
        username: str | None = None
        signed_in = False
        try:
            present.show(
                Prompt(
                    deployment=self._deployment,
                    url=code.verification_uri_complete or code.verification_uri,
                    user_code=code.user_code,
                    seconds=code.expires_at - self.server.clock(),
                )
            )
            with self.server.line(client) as line:
                tokens = wait_for_approval(
                    line,
                    self.server.endpoints(line).token,
                    code,
                    clock=self.server.clock,
                    sleep=self.server.sleep,
                    waiting=present.waiting,
                )
            username = read_claims(tokens.access_token).username
            signed_in = True
            return tokens
        finally:
            present.finished(username, signed_in=signed_in)

    def adopt(self, token: Secret) -> Tokens:
        """Begin a session with an offline token, without asking a person; the session renews itself with it.

        Raises:
            ConfigurationError: The token does not name its client.
            SessionEnded: The sign-in server does not accept the token.
        """
        client = read_client(token)
        if client is None:
            raise ConfigurationError(
                "The offline token does not name the client that it is for.",
                hint="Set PROVENA_OFFLINE_TOKEN to it instead.",
            )
        try:
            return OfflineToken(self.server, replace(self.key, client_id=client), token).begin()
        except SessionEnded as error:
            error.hint = "Create a new one."
            raise

    def renew(self, tokens: Tokens) -> Tokens | Refusal:
        """Refresh the tokens; errors as in :meth:`SignInServer.refresh`."""
        token = tokens.refresh_token
        if token is None:
            return Refusal("invalid_grant", "there is no refresh token")
        return self.server.refresh(token, client_id=other_client(self.key, token) or self.key.client_id)

    def restart(self, tokens: Tokens) -> Tokens | None:
        """Return None: only a person can sign in again."""
        return None

    def replace(self, former: Claims, tokens: Tokens) -> None:
        """Ask the person whether to replace the other session.

        Raises:
            SignInDenied: The person refused, or cannot be asked.
        """
        profile = self.key.profile
        first = printable(former.username or "Somebody else")
        second = printable(read_claims(tokens.access_token).username or "you")
        answer = self.presenter().confirm(
            f"{first} is signed in to {self._deployment} under profile {profile!r}. "
            f"Replace that session with one of {second}?"
        )
        if not answer:
            raise SignInDenied(
                f"{first} is signed in to {self._deployment} under profile {profile!r}, and stays so.",
                hint=f"Sign out first, or keep both: add a profile to config.toml and name it, as profile={second!r}.",
            )

    def end(self, tokens: Tokens) -> None:
        """Revoke the refresh token, which ends the session, unless it was created elsewhere: others may use that."""
        if tokens.refresh_token is not None and other_client(self.key, tokens.refresh_token) is None:
            refusal = self.server.revoke(tokens.refresh_token, client_id=self.key.client_id)
            if refusal is not None and refusal.code not in ("invalid_token", "invalid_grant"):
                raise explain(refusal, client_id=self.key.client_id)

    def ended(self, refusal: Refusal) -> SignInError:
        """Return the error for a session that has ended."""
        return SessionEnded(
            f"Your session at {self._deployment} has ended{_said(refusal)}.", hint="Sign in again."
        )

    def __repr__(self) -> str:
        return f"DeviceFlow({self.key.client_id!r} at {self.key.issuer!r})"

    def __getstate__(self) -> dict[str, Any]:
        # A process that unpickles this has no person to ask, and several processes must not ask at once.
        return {**self.__dict__, "present": None, "interactive": False}


class OfflineToken:
    """A pipeline signs in with a refresh token that outlives the session.

    Some realms replace the offline token at each use; the replacement is stored for the next process.

    Args:
        server: The sign-in server.
        key: The key under which replacements of the token are stored.
        token: The offline token.
    """

    asks_person: ClassVar[bool] = False
    stores: ClassVar[bool] = True
    renews: ClassVar[bool] = True

    def __init__(self, server: SignInServer, key: SessionKey, token: Secret) -> None:
        self.key = key
        self.server = server
        self._token = token

    @property
    def way(self) -> str:
        """How this flow signs in, in words."""
        return f"with an offline token, as client {self.key.client_id}"

    def begin(self) -> Tokens:
        """Exchange the given token for an access token."""
        result = self._begin()
        if isinstance(result, Refusal):
            raise _refused(self, result)
        return result

    def _begin(self) -> Tokens | Refusal:
        return self._refresh(self._token)

    def renew(self, tokens: Tokens) -> Tokens | Refusal:
        """Exchange the newest known token for an access token."""
        return self._refresh(tokens.refresh_token or self._token)

    def restart(self, tokens: Tokens) -> Tokens | None:
        """Sign in with the given token, unless it is the one that was refused."""
        return None if tokens.refresh_token in (None, self._token) else self.begin()

    def replace(self, former: Claims, tokens: Tokens) -> None:
        """Do nothing: each offline token has its own session."""

    def end(self, tokens: Tokens) -> None:
        """Do nothing: the token was created elsewhere, and others may use it."""

    def ended(self, refusal: Refusal) -> SignInError:
        """Return the error for a token that is no longer accepted, with the likely reason."""
        if is_replaced_at_use(self._token):
            return SessionEnded(
                f"The offline token is no longer accepted{_said(refusal)}. This realm replaces it at each use; an "
                "earlier run or another process has used it up.",
                hint="Create a new one, and keep it where its replacement can be put: in a file "
                "(PROVENA_OFFLINE_TOKEN_FILE), or with offline_token_store_command.",
            )
        return SessionEnded(
            f"The offline token is no longer accepted{_said(refusal)}.",
            hint="Create a new one, and set PROVENA_OFFLINE_TOKEN to it.",
        )

    def _refresh(self, token: Secret) -> Tokens | Refusal:
        return self.server.refresh(token, client_id=self.key.client_id)

    def __repr__(self) -> str:
        return f"OfflineToken({self.key.client_id!r} at {self.key.issuer!r})"


class ClientCredentials:
    """A service signs in as itself (RFC 6749, section 4.4).

    Args:
        server: The sign-in server.
        key: The session's key; its client signs in.
        secret: The client's secret.
    """

    asks_person: ClassVar[bool] = False
    stores: ClassVar[bool] = False
    renews: ClassVar[bool] = True

    def __init__(self, server: SignInServer, key: SessionKey, secret: Secret) -> None:
        self.key = key
        self.server = server
        self._secret = secret

    @property
    def way(self) -> str:
        """How this flow signs in, in words."""
        return f"as service {self.key.client_id}"

    def begin(self) -> Tokens:
        """Sign in as the client."""
        result = self.server.client_credentials(self.key.client_id, self._secret)
        if isinstance(result, Refusal):
            raise _refused(self, result)
        return result

    def renew(self, tokens: Tokens) -> Tokens | Refusal:
        """Sign in again, which costs no more than a refresh."""
        return self.server.client_credentials(self.key.client_id, self._secret)

    def restart(self, tokens: Tokens) -> Tokens | None:
        """Return None: :meth:`renew` has already signed in again."""
        return None

    def replace(self, former: Claims, tokens: Tokens) -> None:
        """Do nothing: such sessions are not stored, so none is lost."""

    def end(self, tokens: Tokens) -> None:
        """Do nothing: the access token expires within minutes."""

    def ended(self, refusal: Refusal) -> SignInError:
        """Return the error for a client that is no longer accepted."""
        return SessionEnded(
            f"Client {self.key.client_id!r} is no longer accepted{_said(refusal)}.",
            hint="Ask the deployment's operator.",
        )

    def __repr__(self) -> str:
        return f"ClientCredentials({self.key.client_id!r} at {self.key.issuer!r})"


class StaticToken:
    """An existing access token, used until it expires.

    Args:
        key: The session's key.
        token: The access token.
        server: The sign-in server, to look up the token's holder.
    """

    asks_person: ClassVar[bool] = False
    stores: ClassVar[bool] = False
    renews: ClassVar[bool] = False

    def __init__(self, key: SessionKey, token: Secret, server: SignInServer | None = None) -> None:
        self.key = key
        self.server = server
        self._token = token

    @property
    def way(self) -> str:
        """How this flow signs in, in words."""
        return "with an access token made elsewhere"

    def begin(self) -> Tokens:
        """Return the token unchanged.

        Its expiry is ignored: this machine's clock may differ from the server's, which refuses expired tokens.
        """
        return Tokens(Secret(self._token.reveal(), "access_token"), obtained_at=time.time())

    def renew(self, tokens: Tokens) -> Tokens | Refusal:
        """Return a refusal: the token cannot be renewed."""
        return Refusal("invalid_grant")

    def restart(self, tokens: Tokens) -> Tokens | None:
        """Return None: there is no other token."""
        return None

    def replace(self, former: Claims, tokens: Tokens) -> None:
        """Do nothing: such sessions are not stored, so none is lost."""

    def end(self, tokens: Tokens) -> None:
        """Do nothing: the token was created elsewhere."""

    def ended(self, refusal: Refusal) -> SignInError:
        """Return the error for a token that is not accepted; it names the variable that the token came from, if any."""
        variable = self._token.variable if isinstance(self._token, GivenSecret) else None
        return SessionEnded(
            "The access token is not accepted, and there is nothing to renew it with.",
            hint="Give a new one, or an offline token, which renews itself."
            if variable is None
            else f"It came from {variable}: set that to a new one, or unset it to sign in another way.",
        )

    def __repr__(self) -> str:
        return f"StaticToken(at {self.key.issuer!r})"


def other_client(key: SessionKey, token: Secret) -> str | None:
    """Return the client of an adopted offline token; None for a refresh token of the session's own client."""
    client = read_client(token)
    return None if client == key.client_id else client


def _said(refusal: Refusal) -> str:
    return f" ({refusal.description.rstrip('.')})" if refusal.description else ""


def _refused(flow: Flow, refusal: Refusal) -> ProvenaError:
    if refusal.code == "invalid_grant":
        return refusal.describe(flow.ended(refusal))
    return explain(refusal, client_id=flow.key.client_id)
