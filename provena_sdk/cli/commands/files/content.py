"""What is in files: ``cat`` and ``head``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import IO, Final

import click

from provena_sdk.cli import streams
from provena_sdk.cli.command import command
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.parameters import FILE, Target
from provena_sdk.cli.session import Session
from provena_sdk.display.terminal import is_terminal
from provena_sdk.errors import InvalidArgument

_CHUNK_BYTES: Final = 1024 * 1024


@command()
@click.argument("targets", type=FILE, nargs=-1, required=True)
def cat(session: Session, targets: tuple[Target, ...]) -> None:
    """Print files.

    A pipe or a file gets the bytes as they are. A terminal gets text alone, with control characters escaped.

    Examples:
        $ provena cat 10378.1/1451860/obs/2024.csv
        $ provena cat 10378.1/1451860/obs/2023.csv 10378.1/1451860/obs/2024.csv | wc -l
    """
    if session.json:
        raise click.UsageError(
            "cat prints files as they are, not as JSON; head --json shows what is in them."
        )
    for target in targets:
        dataset = session.provena.datastore.interactive_dataset(target.handle)
        with dataset.open(target.written) as file:
            chunks = _chunks(file)
            if is_terminal(sys.stdout):
                chunks = streams.for_terminal(_text_only(chunks, target))
            session.out.bytes(chunks)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


def _text_only(chunks: Iterator[bytes], target: Target) -> Iterator[bytes]:
    for chunk in chunks:
        if b"\0" in chunk:
            raise Exit(
                ExitCode.USAGE,
                f"{target} is not text, which a terminal cannot show.",
                hint="Send it into a file with '>', or see what is in it with: provena head",
            )
        yield chunk


@command()
@click.argument("target", type=FILE)
@click.option(
    "--rows",
    "-n",
    type=click.IntRange(0, 1000),
    metavar="N",
    default=10,
    show_default=True,
    help="Rows, or lines.",
)
def head(session: Session, target: Target, rows: int) -> None:
    """Show what is in a file: columns, variables, first rows.

    Of CSV and Parquet, the columns and the first rows; of netCDF, HDF5 and Zarr, the variables and attributes; of other
    text, the first lines. Only a small part of the file is fetched.

    Examples:
        $ provena head 10378.1/1451860/obs/2024.csv
        $ provena head -n 3 --json 10378.1/1451860/obs/2024.csv
    """
    dataset = session.provena.datastore.interactive_dataset(target.handle)
    try:
        preview = dataset.preview(target.written, rows=rows)
    except InvalidArgument as error:
        if isinstance(error.__cause__, ImportError):
            raise Exit(ExitCode.FAILED, error.message, hint=error.hint) from error
        raise
    session.out.view(preview, preview.to_dict())
