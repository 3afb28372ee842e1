"""Sign in, sign out, and show who is signed in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.session import Session
from provena_sdk.cli.table import Column
from provena_sdk.display.terminal import is_terminal
from provena_sdk.display.times import shown_time
from provena_sdk.errors import SignInRequired
from provena_sdk.secret import Secret

if TYPE_CHECKING:
    from provena_sdk.auth.account import Account

ACCOUNT: Final = (
    Column("user", lambda account: account.username, id=True),
    Column("email", lambda account: account.email),
    Column("roles", lambda account: list(account.roles)),
    Column("deployment", lambda account: account.deployment),
    Column("realm", lambda account: account.realm),
    Column("signed_in", lambda account: account.way),
    Column("access_until", lambda account: account.access_ends),
    Column("session_until", lambda account: account.session_ends),
)


@command()
@click.option(
    "--offline-token-stdin",
    is_flag=True,
    help="Sign in with an offline token from stdin instead of a browser.",
)
def login(session: Session, offline_token_stdin: bool) -> None:
    """Sign in, and stay signed in for later commands and programs.

    A web page opens, or its URL is printed: approve the sign-in there, on this or another device. The session is
    renewed while it is used. Each profile has its own. An offline token from stdin is kept in the same place; log out
    to forget it.

    Examples:
        $ provena login --deployment example.org
        $ pass show provena/token | provena login --offline-token-stdin
    """
    provena = session.asking_client()
    given = _from_stdin() if offline_token_stdin else None
    try:
        provena.sign_in(given, replace=session.options.yes)
    except SignInRequired as error:
        hint = "Run it where somebody can answer, or pass a token: provena login --offline-token-stdin < FILE"
        raise Exit(ExitCode.NOT_SIGNED_IN, error.message, hint=hint) from error
    account = provena.whoami()
    if session.json:
        session.out.one(account, ACCOUNT)
    else:
        session.say(_welcome(account))


def _from_stdin() -> Secret:
    if is_terminal(sys.stdin):
        raise Exit(
            ExitCode.USAGE,
            "--offline-token-stdin reads a pipe or a file, because a terminal would show the token.",
            hint="provena login --offline-token-stdin < FILE",
        )
    return Secret(sys.stdin.readline().strip(), "offline_token")


def _welcome(account: Account) -> str:
    until = shown_time(account.session_ends)
    ends = f" Unless it is used before, the session ends at {until}." if until else ""
    return f"{account.deployment} knows you as {account.username or 'a user'}, signed in {account.way}.{ends}"


@command()
def logout(session: Session) -> None:
    """Sign out, on this machine and at the server.

    The session ends for every program that uses it. A token from the environment or the profile is not revoked.

    Examples:
        $ provena logout
    """
    provena = session.provena
    provena.sign_out()
    session.say(f"You are signed out of {provena.deployment.domain}.")
    way = provena.explain()["sign_in"]
    if way.origin != "default":
        session.warn(f"Commands still sign in with the {way.value}, from {way.origin}.")


@command()
def whoami(session: Session) -> None:
    """Show who is signed in, with which roles and until when.

    Nobody is asked to sign in: without a session, the exit code is 3.

    Examples:
        $ provena whoami
        $ provena whoami --quiet
        $ provena whoami --json --fields user,roles
    """
    provena = session.provena
    try:
        account = provena.tokens.never_asking().whoami(provena.deployment)
    except SignInRequired as error:
        error.message = f"Nobody is signed in to {provena.deployment.domain}."
        raise
    session.out.one(account, ACCOUNT)
