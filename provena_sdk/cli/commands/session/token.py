"""Tokens for pipelines."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from provena_sdk.cli.command import group
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.session import Session
from provena_sdk.display.terminal import is_terminal


@group()
def token() -> None:
    """Create tokens for pipelines."""


@token.command("create")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
def create(session: Session, file: Path | None) -> None:
    """Create an offline token, with which a pipeline signs in.

    You approve it on the sign-in page. It goes into a new FILE that only you can read, or without one to stdout, which
    must then be a pipe; on a terminal you are asked first. The token does not expire, and whoever has it acts as you.

    Examples:
        $ provena token create pipeline.token
        $ provena token create | pass insert -m provena/pipeline
    """
    if file is None:
        session.refuse_open_file(
            "The token",
            hint="Name the file without '>': provena token create FILE. Only you can read it then.",
        )
    question = "The token would be shown on this terminal. Show it?"
    if file is None and is_terminal(sys.stdout) and not session.confirm(question):
        raise Exit(ExitCode.FAILED, "No token was created.", hint="Name a file, or use a pipe.")
    made = session.asking_client().create_offline_token(file)
    if file is None:
        session.out.text(made.reveal())
