"""``create`` and ``version``: new datasets, and their first files."""

from __future__ import annotations

import os

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.parameters import HANDLE, LOCAL_FILE, LOCAL_FOLDER
from provena_sdk.cli.reasons import message_option, reason
from provena_sdk.cli.session import Session
from provena_sdk.cli.wording.typed import as_typed
from provena_sdk.display.text import printable
from provena_sdk.errors import PartialFailure, ProvenaError

_put = click.option(
    "--put", "folder", type=LOCAL_FOLDER, metavar="DIR", help="Upload the files of a folder to it."
)


@command(changes=True)
@click.argument("file", type=LOCAL_FILE)
@_put
def create(session: Session, file: str, folder: str | None) -> None:
    """Register a dataset from a metadata file.

    FILE is YAML or JSON, such as 'provena init' writes. The handle alone is printed on standard output, before any
    file is uploaded. With --dry-run, FILE is validated.

    Examples:
        $ provena create metadata.yaml
        $ provena create metadata.yaml --put results/
    """
    datastore = session.provena.datastore
    if session.dry_run:
        datastore.validate_dataset_metadata(file)
        session.say(f"{printable(file)} is valid; a dataset would be registered.")
        return
    _print_handle(session, str(datastore.mint_dataset(file).handle), folder)


@command(changes=True)
@click.argument("handle", type=HANDLE)
@message_option()
@_put
def version(session: Session, handle: str, message: str | None, folder: str | None) -> None:
    """Make a new version of a dataset, with its own handle and files.

    HANDLE is the newest version so far. The new handle alone is printed on standard output, before any file is
    uploaded. The new version begins without files.

    Examples:
        $ provena version 10378.1/1451860 -m "data of 2025 added"
        $ provena version 10378.1/1451860 -m "reprocessed" --put results/
    """
    dataset = session.provena.datastore.interactive_dataset(handle)
    if session.dry_run:
        newest = dataset.latest_version()
        if newest != handle:
            raise Exit(ExitCode.CONFLICT, f"Dataset {handle} is not the newest version; {newest} is.")
        session.say(f"Dataset {handle} would get a new version.")
        return
    made = dataset.version(reason(session, message))
    _print_handle(session, made.new_version_id, folder)


def _print_handle(session: Session, handle: str, folder: str | None) -> None:
    """Print the handle of a new dataset at once, and then upload its files."""
    session.out.view(handle, {"handle": handle}, id=handle)
    session.out.flush()
    if folder is None:
        return
    try:
        report = session.provena.datastore.interactive_dataset(handle).upload_all_files(
            folder, progress=session.progress
        )
    except (ProvenaError, KeyboardInterrupt) as error:
        raise _not_uploaded(session, handle, folder, error) from error
    session.say(str(report))


def _not_uploaded(
    session: Session, handle: str, folder: str, error: ProvenaError | KeyboardInterrupt
) -> Exit:
    """Return the end of a command whose dataset is there, but not all of its files."""
    if isinstance(error, PartialFailure):
        for failure in error.errors:
            session.warn(str(failure))
    reached = f"Dataset {handle} is registered, but its files are not all uploaded: {error}"
    code = ExitCode.INTERRUPTED if isinstance(error, KeyboardInterrupt) else ExitCode.PARTLY_DONE
    command = as_typed(["provena", "put", os.path.join(folder, ""), handle])
    return Exit(code, reached, hint="Go on with:", command=command)
