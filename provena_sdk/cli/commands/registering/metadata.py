"""``init`` and ``validate``: metadata files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.parameters import HANDLE, LOCAL, LOCAL_FILE
from provena_sdk.cli.session import Session
from provena_sdk.cli.table import Column
from provena_sdk.display.text import printable, quoted
from provena_sdk.errors import InvalidMetadata, MetadataProblem


@command()
@click.argument("file", type=LOCAL, default="metadata.yaml")
@click.option("--from", "like", type=HANDLE, metavar="HANDLE", help="Begin with the metadata of a dataset.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
def init(session: Session, file: str, like: str | None, force: bool) -> None:
    """Write a metadata file to fill in.

    FILE is metadata.yaml unless you name another; one that ends in .json gets only the required fields. Your person
    and organisation are filled in where the registry knows them. Approvals are left to you, also with --from.

    Examples:
        $ provena init
        $ provena init reef.yaml --from 10378.1/1451860
    """
    path = Path(file)
    if path.exists() and not force:
        raise Exit(ExitCode.CONFLICT, f"{quoted(file)} exists already.", hint="--force replaces it.")
    format: Literal["json", "yaml"] = "json" if path.suffix.lower() == ".json" else "yaml"
    text = session.provena.datastore.template(format, like=like)
    with path.open("w" if force else "x", encoding="utf-8") as stream:
        stream.write(text)
    session.out.view(printable(file), {"file": file}, id=file)
    session.say("Fill it in. 'provena validate' checks it, and 'provena create' registers the dataset.")


_PROBLEM: Final = (
    Column("file", lambda row: row[0], id=True),
    Column("line", lambda row: row[1].line),
    Column("column", lambda row: row[1].column),
    Column("field", lambda row: row[1].path or None),
    Column("message", lambda row: row[1].message),
    Column("suggestion", lambda row: row[1].suggestion),
)


@command()
@click.argument("files", type=LOCAL_FILE, nargs=-1, required=True, metavar="FILE...")
@click.option("--offline", is_flag=True, help="Ask no service: names and handles are not looked up.")
def validate(session: Session, files: tuple[str, ...], offline: bool) -> None:
    """Check metadata files, and print every error with line and column.

    The exit code is 1 if anything is wrong. Nothing is registered.

    Examples:
        $ provena validate metadata.yaml
        $ provena validate --offline *.yaml
    """
    found = [(file, problem) for file in files for problem in _problems(session, file, offline)]
    if session.json or session.options.quiet or session.options.fields:
        session.out.rows(found, _PROBLEM)
    elif found:
        session.out.text("\n".join(_line(file, problem) for file, problem in found))
    if found:
        if not session.json:
            session.out.close()
            session.say(f"{len(found):,} problem{'s' * (len(found) != 1)}.")
        raise Exit(ExitCode.FAILED)
    session.say("\n".join(f"{printable(file)} is valid." for file in files))


def _problems(session: Session, file: str, offline: bool) -> tuple[MetadataProblem, ...]:
    if not offline:
        return session.provena.datastore.metadata_problems(file)
    from provena_sdk.metadata.builder import DatasetMetadata  # noqa: PLC0415  # keeps the models away

    try:
        DatasetMetadata.read(file)
    except InvalidMetadata as error:
        return error.problems
    return ()


def _line(file: str, problem: MetadataProblem) -> str:
    """Return a problem as compilers write it, so that editors find the place."""
    place = "" if problem.line is None else f":{problem.line}:{problem.column}"
    return f"{printable(file)}{place}: {replace(problem, line=None)}"
