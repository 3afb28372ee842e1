"""Compare local files with a dataset: ``verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.parameters import FILE, LOCAL_FOLDER, Target
from provena_sdk.cli.session import Session
from provena_sdk.cli.transfers.options import NAMES, SELECTION
from provena_sdk.cli.transfers.showing import COMPARED, resumable, show
from provena_sdk.errors import DatasetFileNotFound

if TYPE_CHECKING:
    from provena_sdk.transfer.report.verification import Verification


@command()
@click.argument("directory", type=LOCAL_FOLDER, metavar="DIR")
@click.argument("target", type=FILE, metavar="HANDLE[/PATH]")
@SELECTION
@NAMES
def verify(session: Session, directory: str, target: Target, **settings: Any) -> None:
    """Compare a local folder with a dataset, by checksums.

    As for sync, the contents of DIR are compared with those of the dataset or of a folder in it; slashes at their ends
    mean nothing. A file of the dataset is compared with the one of its name in DIR. Nothing is changed. The exit code
    is 10 if a file differs, is missing or extra, or has no checksum to compare.

    Examples:
        $ provena verify data 10378.1/1451860
        $ provena verify data/obs 10378.1/1451860/obs --include '*.csv'
    """
    with resumable():
        found = _compared(session, directory, target, {"progress": session.progress, **settings})
    show(session, found, COMPARED)
    if not found.ok:
        raise Exit(ExitCode.DIFFERENT)


def _compared(session: Session, directory: str, target: Target, wanted: dict[str, Any]) -> Verification:
    io = session.provena.datastore.io
    try:
        return io.verify(directory, target.handle, path=f"{target.path}/" if target.path else "", **wanted)
    except DatasetFileNotFound:
        if not target.path or target.is_folder:
            raise
    # It may be a file.
    return io.verify(directory, target.handle, path=target.path, **wanted)
