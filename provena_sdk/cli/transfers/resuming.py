"""The command that resumes an interrupted transfer."""

from __future__ import annotations

import os
import shlex
import subprocess

import click


def resume_command() -> str:
    """Return the command that is running, quoted for the shell: running it again resumes."""
    root = click.get_current_context().find_root()
    command = [str(root.info_name), *(root.obj or ())]
    return subprocess.list2cmdline(command) if os.name == "nt" else shlex.join(command)
