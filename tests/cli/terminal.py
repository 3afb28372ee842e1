"""A terminal for tests: what a person sees who types commands."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from fcntl import ioctl
from pathlib import Path
from typing import NamedTuple

CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[=>()][0-9A-B]?")
SECONDS = 60.0


class Seen(NamedTuple):
    """The exit code, what a terminal showed in the end, without colours, and all that was written to it."""

    code: int
    text: str
    written: str


def in_terminal(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    typed: Sequence[str] = (),
    columns: int = 80,
    lines: int = 50,
) -> Seen:
    """Run a program in a terminal.

    Args:
        command: The program and its arguments.
        environment: All its environment variables.
        folder: Where it runs.
        typed: The lines that a person types, each once the program waits behind a space: a question.
        columns: The width of the terminal.
        lines: The height of the terminal.
    """
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    attributes = termios.tcgetattr(slave)
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    process = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=folder,
        env=dict(environment),
        start_new_session=True,
        preexec_fn=lambda: ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    shown = bytearray()
    waiting = list(typed)
    ends = time.monotonic() + SECONDS
    while True:
        if time.monotonic() > ends:
            os.killpg(process.pid, signal.SIGKILL)
            raise AssertionError(f"{command} did not end; it showed {bytes(shown)!r}")
        if select.select([master], [], [], 0.2)[0]:
            try:
                chunk = os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            if not chunk:
                break
            shown += chunk
        elif waiting and shown.endswith(b" "):
            line = waiting.pop(0)
            shown += f"{line}\r\n".encode()
            os.write(master, f"{line}\n".encode())
    os.close(master)
    written = shown.decode("utf-8", "replace")
    return Seen(process.wait(), as_seen(written), written)


def as_seen(written: str) -> str:
    """Return what stays on the screen: without colours, and with lines that were rewritten as they were last."""
    lines = []
    for line in CONTROL.sub("", written).replace("\r\n", "\n").split("\n"):
        kept = ""
        for rewritten in line.split("\r"):
            kept = rewritten + kept[len(rewritten) :]
        lines.append(kept.rstrip())
    return "\n".join(lines).rstrip("\n")


def with_path(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which a shell finds this Python's commands."""
    return {"PATH": f"{Path(sys.executable).parent}{os.pathsep}/usr/bin{os.pathsep}/bin", **environment}
