"""A Provena on this machine."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.session import Session
from provena_sdk.config.profiles import SANDBOX
from provena_sdk.config.running_sandbox import published
from provena_sdk.config.settings import PROFILE
from provena_sdk.secret import Secret

if TYPE_CHECKING:
    from provena_sdk.sandbox import Sandbox


@command()
@click.option("--demo", is_flag=True, help="Start with datasets that have files, places and times.")
@click.option(
    "--datasets", type=click.IntRange(0), default=0, metavar="N", help="Add N datasets without files."
)
@click.option("--user", metavar="NAME", help="Be signed in as this user; with --demo, writer.")
def sandbox(session: Session, demo: bool, datasets: int, user: str | None) -> None:
    """Run a Provena on this machine until Ctrl-C stops it.

    Sign-in, services and object store listen on this machine only, and keep everything in memory. Other commands and
    programs find it by the profile 'sandbox'. --json prints the environment variables that point to it.

    Examples:
        $ provena sandbox --demo
        $ provena ls 10378.1/1451860 --profile sandbox
    """
    user = user or ("writer" if demo else None)
    made = _made(demo, datasets, user)
    from provena_sdk.sandbox.stopping import stop_signals  # noqa: PLC0415  # an extra

    with ExitStack() as stack:
        wait = stack.enter_context(stop_signals())
        try:
            made.start()
        except OSError as error:
            raise Exit(ExitCode.FAILED, f"The sandbox could not start: {error}.") from error
        stack.callback(made.stop)
        token = None if user is None else Secret(made.offline_token(user), "offline_token")
        try:
            stack.enter_context(published(made.environment(), token))
        except OSError as error:
            session.warn(f"Other programs cannot find the sandbox by its profile: {error}.")
        _announce(session, made, user)
        wait()


def _made(demo: bool, datasets: int, user: str | None) -> Sandbox:
    try:
        from provena_sdk.sandbox import Sandbox, Seed  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise Exit(ExitCode.FAILED, str(error)) from error
    # Like a Keycloak realm as it comes, so that one token serves any number of programs.
    made = Sandbox(seed=Seed(datasets=datasets, demo=demo), rotation="off", poll_interval=1)
    if user is not None and user not in made.users:
        raise Exit(ExitCode.USAGE, f"There is no user {user!r}.", hint=f"There are {', '.join(made.users)}.")
    return made


def _announce(session: Session, made: Sandbox, user: str | None) -> None:
    if session.json:
        session.out.view(made, made.environment())
        session.out.flush()
        return
    handles = [dataset.id for dataset in made.state.datasets()]
    assignment = f'$env:{PROFILE} = "{SANDBOX}"' if os.name == "nt" else f"export {PROFILE}={SANDBOX}"
    use = "provena login" if user is None else f"provena ls {handles[0]}" if handles else "provena whoami"
    who = "" if user is None else f"You are signed in there as {user}.\n"
    session.say(
        f"The sandbox is running, with {len(handles)} datasets. In another terminal:\n\n"
        f"    {assignment}\n"
        f"    {use}\n\n"
        f"{who}Ctrl-C stops the sandbox and discards everything in it."
    )
