"""The command to type next: what resumes an interrupted transfer, or applies a plan."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence

import click


def resume_command() -> str:
    """Return the command that is running, as a person types it: running it again resumes."""
    root = click.get_current_context().find_root()
    return as_typed([str(root.info_name), *(root.obj or ())])


def as_typed(command: Sequence[str]) -> str:
    """Return a command, quoted for the shell.

    Args:
        command: The program and its arguments.
    """
    return subprocess.list2cmdline(command) if os.name == "nt" else shlex.join(command)
