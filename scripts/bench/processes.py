"""Processes of the benchmarks that answer each line of their input with a line."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

# No transfer takes half as long; one that does has hung.
LIMIT_SECONDS = 900.0
_SETTINGS = ("PROVENA_", "AWS_", "RCLONE_", "XDG_")


def environment(home: Path) -> dict[str, str]:
    """Return this process's environment without credentials and settings of this machine's user.

    Args:
        home: Where the process finds its settings and puts temporary files.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
    return kept | {"TMPDIR": str(home), "HOME": str(home)}


class Failed(Exception):
    """A process did not do what it was asked for."""


class Process:
    """A process that answers each line of its input with one.

    Args:
        command: What starts it.
        scratch: Where its temporary files go.
    """

    def __init__(self, command: list[str], scratch: Path) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(scratch),
        )

    def read(self) -> Any:
        """Return the next line of its output.

        Raises:
            Failed: It ended, or printed nothing for a quarter of an hour.
        """
        assert self._process.stdout is not None
        limit = threading.Timer(LIMIT_SECONDS, self._process.kill)
        limit.start()
        try:
            line = self._process.stdout.readline()
        finally:
            limit.cancel()
        if not line:
            raise Failed("it ended; its output is above")
        return json.loads(line)

    def write(self, line: object) -> None:
        """Write a line.

        Raises:
            Failed: It ended.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(line) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Failed("it ended; its output is above") from None

    def ask(self, line: object) -> Any:
        """Write a line and return the answer."""
        self.write(line)
        return self.read()

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
            self._process.wait(30)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()


def names(known: Collection[str]) -> Callable[[str], list[str]]:
    """Return a reader of comma-separated names for the command line."""

    def read(text: str) -> list[str]:
        chosen = text.split(",")
        if unknown := [name for name in chosen if name not in known]:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: known are {', '.join(known)}")
        return chosen

    return read
