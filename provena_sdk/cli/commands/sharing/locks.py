"""``lock`` and ``unlock``."""

from __future__ import annotations

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.commands.projects import write_lock_file
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.parameters import HANDLE
from provena_sdk.cli.reasons import message_option, reason
from provena_sdk.cli.session import Session

_why = message_option("Why, for the lock history, which every reader of the dataset can see.")


@command(changes=True)
@click.argument("handle", type=HANDLE, required=False)
@_why
def lock(session: Session, handle: str | None, message: str | None) -> None:
    """Lock a dataset against changes, or record the data of a project.

    Without HANDLE, the datasets that provena.toml names are recorded in provena.lock, both in the current folder.

    Not even its owner can change the metadata or files of a locked dataset. It can still be read, versioned and shared.

    Examples:
        $ provena lock 10378.1/1451860 -m "cited in a paper"
        $ provena lock
    """
    if handle is None:
        if message is not None:
            raise Exit(ExitCode.USAGE, "--message needs the HANDLE of a dataset.")
        write_lock_file(session)
        return
    _set_lock(session, handle, message, locks=True)


@command(changes=True)
@click.argument("handle", type=HANDLE)
@_why
def unlock(session: Session, handle: str, message: str | None) -> None:
    """Unlock a dataset, so that it can be changed again.

    Examples:
        $ provena unlock 10378.1/1451860 -m "typo in the description"
    """
    _set_lock(session, handle, message, locks=False)


def _set_lock(session: Session, handle: str, message: str | None, *, locks: bool) -> None:
    dataset = session.provena.datastore.interactive_dataset(handle)
    state = "locked" if locks else "unlocked"
    if session.dry_run:
        history = dataset.lock_history()
        session.say(str(history) if history.locked is locks else f"Dataset {handle} would be {state}.")
        return
    why = reason(session, message)
    if locks:
        dataset.lock(why)
    else:
        dataset.unlock(why)
    session.say(f"Dataset {handle} is {state}.")
