"""What the commands for persons and for organisations share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import click

from provena_sdk.cli.commands.tabular import columns_of, paged_rows, rows_of
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.session import Session
from provena_sdk.display.text import quoted
from provena_sdk.paging import Results
from provena_sdk.views.tabular import TabularList

T = TypeVar("T")

limit_option = click.option(
    "--limit", "-n", type=click.IntRange(1), metavar="N", help="Rows at most; all by default."
)
reason_option = click.option("--message", "-m", required=True, metavar="WHY", help="Reason, for the history.")


def print_all(session: Session, found: Results[T], kind: type[TabularList[T]]) -> None:
    """Print persons or organisations as they come.

    Raises:
        Exit: Some could not be read.
    """
    session.out.rows(paged_rows(found), columns_of(kind))
    if found.unreadable:
        raise Exit(ExitCode.PARTLY_DONE)


def print_matches(session: Session, found: Iterable[T], text: str, kind: type[TabularList[T]]) -> None:
    """Print what was found by name.

    Raises:
        Exit: Nothing was found.
    """
    if not session.out.rows(rows_of(kind(found)), columns_of(kind)):
        raise Exit(ExitCode.NOT_FOUND, f"No {kind.noun[0]} matches {quoted(text, 60)}.")


def print_one(session: Session, item: T, kind: type[TabularList[T]]) -> None:
    """Print one person or organisation."""
    session.out.one(rows_of(kind([item]))[0], columns_of(kind))


def print_registered(session: Session, item: Any) -> None:
    """Print the handle of what was registered."""
    session.say(f"Registered {item.display_name}.")
    session.out.text(item.id)


def given(**changes: str | None) -> str:
    """Return the changes that options ask for, in words.

    Raises:
        click.UsageError: There are none.
    """
    words = [
        f"{name.replace('_', ' ')} {quoted(value, 60)}"
        for name, value in changes.items()
        if value is not None
    ]
    if not words:
        raise click.UsageError("Nothing to change: give at least one option, such as --display-name.")
    return ", ".join(words)
