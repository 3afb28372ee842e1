"""The option ``-m``: why something is changed, for its history."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.session import Session
from provena_sdk.cli.streams import tell

F = TypeVar("F", bound=Callable[..., Any])

_OPTION: Final = "--message"


def message_option(help: str = "Why, for the history.", metavar: str = "WHY") -> Callable[[F], F]:
    """Add the option ``-m`` to a command, as its argument ``message``."""
    return click.option(_OPTION, "-m", metavar=metavar, help=help)


def reason(session: Session, message: str | None, question: str = "Why?") -> str:
    """Return what ``-m`` says, or ask for it.

    Args:
        session: The session of the command.
        message: The value of the option; None if it was not given.
        question: What to ask.

    Raises:
        Exit: It is missing, and nobody can be asked; or it is empty.
    """
    if message is None and session.asks and not session.dry_run:
        tell(f"{question} ", end="")
        message = sys.stdin.readline()
    if message is None:
        raise Exit(
            ExitCode.USAGE,
            f"{_OPTION} is missing.",
            hint='Give it as -m "…".',
        )
    if not message.strip():
        raise Exit(ExitCode.USAGE, f"{_OPTION} must not be empty.")
    return message.strip()
