"""Long output for people goes through a pager, as git's does."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Final, TextIO

from provena_sdk.cli.streams import warn
from provena_sdk.display.terminal import PAGER, is_terminal

_USUAL: Final = "less"
# Quit if it fits on one screen, keep colours, leave the text on the screen.
_LESS: Final = "FRX"


def start_pager() -> subprocess.Popen[str] | None:
    """Start the pager that PROVENA_PAGER or PAGER names, or less; None if it cannot, or nobody reads it."""
    if not (is_terminal(sys.stdout) and is_terminal(sys.stdin)) or os.environ.get("TERM") in (None, "dumb"):
        return None
    named = os.environ.get(PAGER, os.environ.get("PAGER", _USUAL))
    try:
        command = shlex.split(named)
    except ValueError as error:
        warn(f"The pager {named} cannot be started: {error}.")
        return None
    if not command or command == ["cat"] or shutil.which(command[0]) is None:
        return None
    environment = {"LESS": _LESS, "LV": "-c", **os.environ}
    try:
        return subprocess.Popen(  # noqa: S603  # the user names the program
            command, stdin=subprocess.PIPE, text=True, encoding="utf-8", errors="replace", env=environment
        )
    except OSError as error:
        warn(f"The pager {named} cannot be started: {error.strerror}.")
        return None


def finish(pager: subprocess.Popen[str]) -> None:
    """Wait until the person has read to the end, or quits; Ctrl-C belongs to the pager meanwhile."""
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        stream: TextIO | None = pager.stdin  # type: ignore[assignment]  # opened as text
        if stream is not None:
            with suppress(BrokenPipeError):  # the person quit before the end
                stream.close()
        pager.wait()
    finally:
        signal.signal(signal.SIGINT, usual)
