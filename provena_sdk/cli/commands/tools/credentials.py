"""Temporary credentials for other tools: once, or whenever a tool asks for them."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Final, Literal

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.parameters import HANDLE
from provena_sdk.cli.session import Session
from provena_sdk.display.times import shown_time

if TYPE_CHECKING:
    from provena_sdk.other_tools.store_credentials import StoreCredentials

_FORMATS: Final = ("env", "powershell", "aws", "json", "duckdb")


@command()
@click.argument("handle", type=HANDLE)
@click.option("--write", is_flag=True, help="Credentials that also write; by default they only read.")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="powershell" if os.name == "nt" else "env",
    show_default=True,
    help="What the text is for.",
)
@click.option(
    "--output",
    "-o",
    "file",
    type=click.Path(dir_okay=False),
    help="Write a file that only you can read, instead of stdout.",
)
def credentials(
    session: Session,
    handle: str,
    write: bool,
    form: Literal["env", "powershell", "aws", "json", "duckdb"],
    file: str | None,
) -> None:
    """Print temporary credentials for a dataset's files.

    They are secrets: whoever has them can read, or with --write change, the dataset's files until they expire. Their
    location in the object store is printed on stderr. For work that lasts longer, see 'provena aws-profile'.

    Formats: env for sh, bash, zsh and fish, powershell, aws for a section of ~/.aws/credentials, json, and duckdb for
    the SQL of a secret.

    Examples:
        $ eval "$(provena credentials 10378.1/1451860)"
        $ provena credentials 10378.1/1451860 --format json --output credentials.json
        $ duckdb -init <(provena credentials 10378.1/1451860 --format duckdb)
    """
    if file is None:
        session.refuse_open_file("The credentials", hint="--output FILE writes one that only you can read.")
    granted = _granted(session, handle, write)
    chosen = "json" if session.json else form
    if file is None:
        session.out.bytes(granted.text(chosen).encode())
    else:
        granted.save(file, chosen)
    session.say(f"{granted.url}, until {shown_time(granted.expiry)}")


@command()
@click.argument("handle", type=HANDLE)
@click.option("--write", is_flag=True, help="Credentials that also write; by default they only read.")
def credential_process(session: Session, handle: str, write: bool) -> None:
    """Print credentials as the AWS tools ask for them.

    The AWS CLI, rclone, DuckDB, GDAL and other tools run this command when they need credentials, if it is the
    credential_process of their profile; 'provena aws-profile' writes such a profile. It never asks a person: sign in
    with 'provena login' before.

    Examples:
        $ provena credential-process 10378.1/1451860
    """
    # Nobody is there to answer, and some tools take what is on stderr for a part of the answer.
    session.options.no_input = True
    warnings.simplefilter("ignore")
    session.refuse_open_file(
        "The credentials",
        hint="provena credentials HANDLE --output FILE writes one that only you can read.",
    )
    session.out.bytes(_granted(session, handle, write).text("process").encode())


def _granted(session: Session, handle: str, write: bool) -> StoreCredentials:
    dataset = session.provena.datastore.interactive_dataset(handle)
    return dataset.store_credentials("write" if write else "read")
