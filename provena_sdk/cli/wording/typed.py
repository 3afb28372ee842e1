"""The running command as its user typed it, and its arguments in the words of the command line."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from typing import Final

import click

from provena_sdk.display.text import escaped
from provena_sdk.errors import InvalidArgument

_SIDES: Final = {
    "source_directory": "SRC",
    "destination_directory": "DST",
    "path": "PATH",
    "delete=True": "--delete",
}


# A longer command is in the shell's history rather than read off the screen.
_LONGEST: Final = 4000


def resume_command() -> str | None:
    """Return the command that is running, as a person types it: running it again resumes.

    Returns:
        The command; None if it is too long to be read.
    """
    root = click.get_current_context().find_root()
    command = as_typed([str(root.info_name), *(root.obj or ())])
    return command if len(command) <= _LONGEST else None


def as_typed(command: Sequence[str]) -> str:
    """Return a command, quoted for the shell, with nothing in it that a terminal could take for an instruction.

    Args:
        command: The program and its arguments.
    """
    if os.name == "nt":
        return escaped(subprocess.list2cmdline(command))
    return " ".join(map(_quoted, command))


def _quoted(word: str) -> str:
    """Return a word in quotes, in which bash, zsh and ksh read the bytes that are not printable."""
    return shlex.quote(word) if word.isprintable() else f"$'{''.join(map(_in_bytes, word))}'"


def _in_bytes(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))


def in_words(error: InvalidArgument) -> str:
    """Return the message about an argument of the SDK, with the name that it has on the command line.

    Args:
        error: The refusal; its message may have that name already.
    """
    names = dict(_SIDES)
    for parameter in click.get_current_context().command.params:
        name = parameter.name or ""
        if isinstance(parameter, click.Argument):
            typed = parameter.metavar or name.upper()
        else:
            typed = max(parameter.opts, key=len)
        names[name] = typed.strip("[].")
    message = error.message
    if error.argument in names and message.startswith(error.argument):
        message = names[error.argument] + message.removeprefix(error.argument)
    return message.replace("delete=True", names["delete=True"])
