"""The ways to sign in, behind one interface."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from provena_sdk.auth.device import DeviceCode, request_code, wait_for_approval
from provena_sdk.auth.errors import Refusal, explain
from provena_sdk.auth.prompts.default import default_presenter
from provena_sdk.auth.prompts.environment import someone_watches
from provena_sdk.auth.prompts.prompt import Presenter, Prompt
from provena_sdk.auth.server import SignInServer
from provena_sdk.auth.tokens import Claims, GivenSecret, SessionKey, Tokens, is_replaced_at_use, read_claims
from provena_sdk.display.text import printable
from provena_sdk.errors import ProvenaError, SessionEnded, SignInDenied, SignInError, SignInRequired
from provena_sdk.secret import Secret

if TYPE_CHECKING:
    from oauthlib.oauth2 import DeviceClient

    from provena_sdk.auth.http import Line

WAYS_OUT = (
    "Sign in once at a terminal or in a notebook, pass interactive=True where somebody watches, or set "
    "PROVENA_OFFLINE_TOKEN, or PROVENA_CLIENT_ID and PROVENA_CLIENT_SECRET, or PROVENA_ACCESS_TOKEN."
)


class Flow(Protocol):
    """One way to sign in.

    Attributes:
        asks_person: Whether ``begin`` needs a person.
        stores: Whether the tokens are worth keeping beyond the process.
        renews: Whether there is a way to other tokens than the first.
    """

    asks_person: ClassVar[bool]
    stores: ClassVar[bool]
    renews: ClassVar[bool]

    @property
    def key(self) -> SessionKey:
        """The name the session is stored under."""
        ...

    @property
    def server(self) -> SignInServer | None:
        """The sign-in server, where one is known."""
        ...

    @property
    def way(self) -> str:
        """How the sign-in is made, in words."""
        ...

    def begin(self) -> Tokens:
        """Obtain the first tokens.

        Raises:
            SignInError: It did not work; the subclass says why.
            ConnectionFailed: The sign-in server cannot be reached.
        """
        ...

    def renew(self, tokens: Tokens) -> Tokens | Refusal:
        """Get tokens that replace ``tokens``, without a person; or return the server's refusal."""
        ...

    def restart(self, tokens: Tokens) -> Tokens | None:
        """Start again without a person after ``tokens`` were refused; None where that is not possible."""
        ...

    def replace(self, former: Claims, tokens: Tokens) -> None:
        """Make sure that the session of ``former`` may be replaced by one of somebody else.

        Raises:
            SignInDenied: It may not.
        """
        ...

    def end(self, tokens: Tokens) -> None:
        """End the session at the server, where it is this flow's to end."""
        ...

    def ended(self, refusal: Refusal) -> SignInError:
        """Return the error for a session that the server no longer accepts."""
        ...


class DeviceFlow:
    """A person signs in with a browser, on this machine or another (RFC 8628).

    Args:
        server: The sign-in server.
        key: The name the session is stored under; its client signs in.
        deployment: What the person knows the deployment as.
        scopes: The scopes to ask for.
        interactive: Whether a person may be asked; None finds out each time.
        present: Shows the page and the code; None chooses what fits where this runs.
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
        """How the sign-in is made, in words."""
        return f"by a person, as client {self.key.client_id}"

    def presenter(self) -> Presenter:
        """Return the presenter: the given one, or the one that fits where this runs."""
        return self.present or default_presenter()

    def begin(self) -> Tokens:
        """Ask the person, and wait.

        Raises:
            SignInRequired: Nobody is there to ask.
            SignInDenied: The person said no.
            SignInExpired: Nobody said anything in time.
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

    def renew(self, tokens: Tokens) -> Tokens | Refusal:
        """Refresh; raises as :meth:`SignInServer.refresh`."""
        if tokens.refresh_token is None:
            return Refusal("invalid_grant", "there is no refresh token")
        return self.server.refresh(tokens.refresh_token, client_id=self.key.client_id)

    def restart(self, tokens: Tokens) -> Tokens | None:
        """Return None: only a person can sign in again."""
        return None

    def replace(self, former: Claims, tokens: Tokens) -> None:
        """Ask the person.

        Raises:
            SignInDenied: They said no, or cannot be asked.
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
        """Revoke the refresh token, which ends the session."""
        if tokens.refresh_token is not None:
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
        # Where this is unpickled nobody watches, and several processes must not ask at once.
        return {**self.__dict__, "present": None, "interactive": False}


class OfflineToken:
    """A pipeline signs in with a refresh token that does not end with the session.

    Some realms replace the offline token at each use; the replacement is stored, so that the next process can go on
    from it.

    Args:
        server: The sign-in server.
        key: The name under which replacements of the token are stored.
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
        """How the sign-in is made, in words."""
        return f"with an offline token, as client {self.key.client_id}"

    def begin(self) -> Tokens:
        """Trade the given token for an access token."""
        result = self._begin()
        if isinstance(result, Refusal):
            raise _refused(self, result)
        return result

    def _begin(self) -> Tokens | Refusal:
        return self._refresh(self._token)

    def renew(self, tokens: Tokens) -> Tokens | Refusal:
        """Trade the newest token known."""
        return self._refresh(tokens.refresh_token or self._token)

    def restart(self, tokens: Tokens) -> Tokens | None:
        """Go back to the given token, when it is not the one just refused."""
        return None if tokens.refresh_token in (None, self._token) else self.begin()

    def replace(self, former: Claims, tokens: Tokens) -> None:
        """Do nothing: the session is this token's own."""

    def end(self, tokens: Tokens) -> None:
        """Do nothing: the token belongs to whoever made it, and others may use it."""

    def ended(self, refusal: Refusal) -> SignInError:
        """Return the error for a token that is no longer accepted, and why that may be."""
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
        key: The name of the session; its client signs in.
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
        """How the sign-in is made, in words."""
        return f"as service {self.key.client_id}"

    def begin(self) -> Tokens:
        """Sign in."""
        result = self.server.client_credentials(self.key.client_id, self._secret)
        if isinstance(result, Refusal):
            raise _refused(self, result)
        return result

    def renew(self, tokens: Tokens) -> Tokens | Refusal:
        """Sign in again: it costs no more than a refresh."""
        return self.server.client_credentials(self.key.client_id, self._secret)

    def restart(self, tokens: Tokens) -> Tokens | None:
        """Return None: renewing already signed in again."""
        return None

    def replace(self, former: Claims, tokens: Tokens) -> None:
        """Do nothing: such a session is not stored, so nobody's can be lost."""

    def end(self, tokens: Tokens) -> None:
        """Do nothing: the access token ends by itself within minutes."""

    def ended(self, refusal: Refusal) -> SignInError:
        """Return the error for a client that is no longer accepted."""
        return SessionEnded(
            f"Client {self.key.client_id!r} is no longer accepted{_said(refusal)}.",
            hint="Ask the deployment's operator.",
        )

    def __repr__(self) -> str:
        return f"ClientCredentials({self.key.client_id!r} at {self.key.issuer!r})"


class StaticToken:
    """An access token made elsewhere, used until it ends.

    Args:
        key: The name of the session.
        token: The access token.
        server: The sign-in server, to ask who the token's holder is.
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
        """How the sign-in is made, in words."""
        return "with an access token made elsewhere"

    def begin(self) -> Tokens:
        """Take the token as it is.

        Its own end is not looked at: the clock here may differ from the server's, which says so in time.
        """
        return Tokens(Secret(self._token.reveal(), "access_token"), obtained_at=time.time())

    def renew(self, tokens: Tokens) -> Tokens | Refusal:
        """Say that there is nothing to renew it with."""
        return Refusal("invalid_grant")

    def restart(self, tokens: Tokens) -> Tokens | None:
        """Return None: there is no other token."""
        return None

    def replace(self, former: Claims, tokens: Tokens) -> None:
        """Do nothing: such a session is not stored, so nobody's can be lost."""

    def end(self, tokens: Tokens) -> None:
        """Do nothing: the token belongs to whoever made it."""

    def ended(self, refusal: Refusal) -> SignInError:
        """Return the error for a token that is not accepted, and where it came from if nobody gave it here."""
        variable = self._token.variable if isinstance(self._token, GivenSecret) else None
        return SessionEnded(
            "The access token is not accepted, and there is nothing to renew it with.",
            hint="Give a new one, or an offline token, which renews itself."
            if variable is None
            else f"It came from {variable}: set that to a new one, or unset it to sign in another way.",
        )

    def __repr__(self) -> str:
        return f"StaticToken(at {self.key.issuer!r})"


def _said(refusal: Refusal) -> str:
    return f" ({refusal.description.rstrip('.')})" if refusal.description else ""


def _refused(flow: Flow, refusal: Refusal) -> ProvenaError:
    if refusal.code == "invalid_grant":
        return flow.ended(refusal)
    return explain(refusal, client_id=flow.key.client_id)
