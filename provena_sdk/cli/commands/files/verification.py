"""Compare local files with a dataset: ``verify``."""

from __future__ import annotations

from typing import Any

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.parameters import FILE, LOCAL_FOLDER, Target
from provena_sdk.cli.session import Session
from provena_sdk.cli.transfers.options import NAMES, SELECTION
from provena_sdk.cli.transfers.places import path_of
from provena_sdk.cli.transfers.showing import COMPARED, resumable, show


@command()
@click.argument("directory", type=LOCAL_FOLDER, metavar="DIR")
@click.argument("target", type=FILE, metavar="HANDLE[/PATH]")
@SELECTION
@NAMES
def verify(session: Session, directory: str, target: Target, **settings: Any) -> None:
    """Compare a local folder with a dataset, by checksums.

    DIR is the folder that was given to get. Nothing is changed. The exit code is 10 if a file differs, is missing or
    extra, or has no checksum to compare.

    Examples:
        $ provena verify data 10378.1/1451860
        $ provena verify data/obs 10378.1/1451860/obs/ --include '*.csv'
    """
    io, path = session.provena.datastore.io, path_of(target)
    with resumable():
        found = io.verify(directory, target.handle, path=path, progress=session.progress, **settings)
    show(session, found, COMPARED)
    if not found.ok:
        raise Exit(ExitCode.DIFFERENT)
