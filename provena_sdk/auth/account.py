"""Who is signed in, how and until when; and offline tokens for pipelines."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from provena_sdk.auth.flows import DeviceFlow, Flow, other_client
from provena_sdk.auth.server import SignInServer
from provena_sdk.auth.tokens import (
    GivenSecret,
    SessionKey,
    Tokens,
    is_replaced_at_use,
    read_claims,
    read_kind,
)
from provena_sdk.config import OFFLINE_CLIENT_ID, Deployment
from provena_sdk.display.html import facts, fragment, html
from provena_sdk.display.notebook import pretty
from provena_sdk.display.text import printable, quoted
from provena_sdk.display.times import moment, shown_time
from provena_sdk.errors import ConfigurationError, InvalidArgument, SignInDenied
from provena_sdk.private_files import create_own, write_small
from provena_sdk.secret import Secret

OFFLINE_SCOPES = ("openid", "offline_access")

_ROLES_LIMIT = 2000


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """The user who is signed in. It prints as a small table and holds no secret.

    Attributes:
        username: The user's name; None when neither the token nor the sign-in server states it.
        email: The user's email address; None when the account has none.
        roles: All roles in the access token, sorted.
        deployment: The deployment's domain.
        realm: The sign-in realm.
        way: How the user signed in, in words.
        access_ends: When the access token expires; it is renewed earlier, if possible.
        session_ends: When the session ends unless it is used before; None when it does not expire, or the server
            does not state when.

    Example:
        >>> print(Account("ada", None, ("entity-registry-read",), "example.org", "provena", "with an access token"))
        user           ada
        email          none
        roles          entity-registry-read
        deployment     example.org, realm provena
        signed in      with an access token
        access until   not known
        session until  not known, or without end
    """

    username: str | None
    email: str | None
    roles: tuple[str, ...]
    deployment: str
    realm: str
    way: str
    access_ends: datetime | None = None
    session_ends: datetime | None = None

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("user", printable(self.username or "not known")),
            ("email", printable(self.email or "none")),
            ("roles", printable(", ".join(self.roles) or "none", _ROLES_LIMIT)),
            ("deployment", f"{self.deployment}, realm {self.realm}"),
            ("signed in", self.way),
            ("access until", shown_time(self.access_ends) or "not known"),
            ("session until", shown_time(self.session_ends) or "not known, or without end"),
        ]

    def __str__(self) -> str:
        return "\n".join(f"{name:<15}{value}" for name, value in self._rows())

    def __repr__(self) -> str:
        return f"<Account {printable(self.username or 'not known', 60)} on {printable(self.deployment, 60)}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    def _repr_html_(self) -> str:
        return fragment(facts((name, html(value, _ROLES_LIMIT)) for name, value in self._rows()))


def describe(flow: Flow, tokens: Tokens, userinfo: dict[str, object], deployment: Deployment) -> Account:
    """Return the account, from the token, the sign-in server's answer and the stored session.

    Args:
        flow: The flow that signed in.
        tokens: The tokens in use.
        userinfo: The sign-in server's answer; what it lacks is taken from the access token.
        deployment: The deployment.
    """
    claims = read_claims(tokens.access_token)
    return Account(
        username=_text(userinfo, "preferred_username") or claims.username,
        email=_text(userinfo, "email") or claims.email,
        roles=claims.roles,
        deployment=deployment.domain,
        realm=deployment.realm,
        way=_way(flow, tokens),
        access_ends=moment(tokens.expires_at or claims.expires_at),
        session_ends=moment(tokens.refresh_expires_at),
    )


def _way(flow: Flow, tokens: Tokens) -> str:
    """Return how a session began, in words."""
    token = tokens.refresh_token
    client = None if token is None else other_client(flow.key, token)
    return f"with an offline token, as client {client}" if client and flow.asks_person else flow.way


def create_offline_token(
    flow: Flow,
    deployment: Deployment,
    *,
    client_id: str = OFFLINE_CLIENT_ID,
    file: str | os.PathLike[str] | None = None,
) -> Secret:
    """Ask a person to approve a token for a pipeline. The current session is not affected.

    Args:
        flow: The caller's flow, whose server, presenter and ``interactive`` setting are used.
        deployment: The deployment.
        client_id: The client the token is for.
        file: A new file for the token, which only this user can read; None stores it nowhere.

    Returns:
        The token.

    Raises:
        InvalidArgument: The file exists already, or cannot be created.
        SignInRequired: No person can be asked here.
        SignInDenied: The person refused, or the account may not have offline tokens.
        OSError: The token could not be written.
    """
    if file is None:
        return _create(flow, deployment, client_id, None)
    place = Path(file)
    _reserve(place)
    try:
        return _create(flow, deployment, client_id, place)
    except BaseException:
        place.unlink(missing_ok=True)
        raise


def _reserve(place: Path) -> None:
    """Create an empty file before a person is asked for what goes into it."""
    try:
        create_own(place, b"")
    except FileExistsError as error:
        hint = "Remove it, or name another file."
        raise InvalidArgument("file", f"{quoted(place)} exists already.", hint=hint) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InvalidArgument("file", f"{quoted(place)} cannot be created ({reason}).") from error


def _create(flow: Flow, deployment: Deployment, client_id: str, place: Path | None) -> Secret:
    server = flow.server
    if server is None:
        raise ConfigurationError(
            "No sign-in server is known.", hint="Make the token source with token_source()."
        )
    person = flow if isinstance(flow, DeviceFlow) else None
    approval = DeviceFlow(
        server,
        SessionKey.of(deployment, client_id, "offline"),
        deployment=f"{deployment.domain} for a pipeline",
        scopes=OFFLINE_SCOPES,
        interactive=person.interactive if person else None,
        present=person.present if person else None,
    )
    tokens = approval.begin()
    token = tokens.refresh_token
    if token is None or read_kind(token) == "Refresh":
        approval.end(tokens)
        raise SignInDenied(
            f"The sign-in server gave client {client_id!r} no offline token.",
            hint="Ask the deployment's operator for the role offline_access.",
        )
    if place is not None:
        write_small(place, token)
    username = read_claims(tokens.access_token).username
    advice = _advice(username, server, deployment, place, replaced=is_replaced_at_use(token))
    approval.presenter().say(advice)
    return GivenSecret(token, name="offline_token")


def _advice(
    username: str | None,
    server: SignInServer,
    deployment: Deployment,
    place: Path | None,
    *,
    replaced: bool | None,
) -> str:
    points = [
        "It is not stored here: put it straight into your pipeline's secret store. In Python, reveal() returns it."
        if place is None
        else f"It is in {quoted(place)}, which only you can read. Name that file in PROVENA_OFFLINE_TOKEN_FILE."
    ]
    if replaced:
        points.append(
            "This realm replaces it at each use, and the former one is worth nothing, or one more use: two\n"
            "    processes that begin with the same token end the session of both. Keep it where the new one can\n"
            "    be put: in a file that PROVENA_OFFLINE_TOKEN_FILE names, or with offline_token_store_command."
        )
    elif place is None:
        points.append(
            "Give it to the pipeline as PROVENA_OFFLINE_TOKEN, never in code, arguments or a notebook."
        )
    if replaced is False:
        points.append("This realm lets it be used again and again, by any number of processes.")
    points.append(f"To end it, remove the access of its client at {server.issuer}/account.")
    whom = printable(username or "you")
    head = f"This token for {deployment.domain} does not expire; whoever has it acts as {whom}."
    return "".join(f"{line}\n" for line in (head, *(f"  - {point}" for point in points)))


def _text(fields: dict[str, object], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) and value else None
