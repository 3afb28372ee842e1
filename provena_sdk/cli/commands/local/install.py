"""The command ``install``."""

from __future__ import annotations

from typing import Final, Literal

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.parameters import LOCAL_FOLDER
from provena_sdk.cli.session import Session
from provena_sdk.cli.table import Column
from provena_sdk.cli.transfers.showing import end, resumable

_DIFFERENCES: Final = (
    Column("name", lambda one: one.name),
    Column("path", lambda one: one.path, id=True),
    Column("reason", lambda one: one.reason),
)


@command(changes=True)
@click.argument("folder", type=LOCAL_FOLDER, metavar="[FOLDER]", default=".")
@click.option("--lock", is_flag=True, help="First write provena.lock, by what provena.toml names.")
@click.option("--check", is_flag=True, help="Only compare; the exit code is 10 if a file differs.")
@click.option(
    "--compare",
    type=click.Choice(["checksum", "time"]),
    default="checksum",
    help="How to compare files of the recorded size; by time is faster.",
)
def install(
    session: Session, folder: str, lock: bool, check: bool, compare: Literal["checksum", "time"]
) -> None:
    """Download the files that a project's provena.lock records.

    Only files that are missing or different are downloaded, and nothing is deleted. FOLDER is the project's folder,
    by default the current one. With --check, nothing is sent.

    With --lock, the newest versions are chosen where provena.toml asks for them, and their files are recorded.

    Examples:
        $ provena install --lock
        $ provena install
        $ provena install --check
        $ provena install reef-model --compare time
    """
    if lock and (check or session.dry_run):
        raise click.UsageError("--lock goes without --check and --dry-run.")
    if check or session.dry_run:
        from provena_sdk.lockfile.lock_file import LockFile  # noqa: PLC0415  # keeps what verifies files away from help

        found = LockFile.read(folder).differences(compare)
        session.out.rows(found, _DIFFERENCES)
        if found and check:
            raise Exit(ExitCode.DIFFERENT)
        return
    if lock:
        session.provena.lock_project(folder)
    with resumable():
        report = session.provena.install_project(
            folder, compare=compare, progress=session.progress, raise_for_failures=False
        )
    end(session, report)
