"""A process in a terminal of its own, and what its screen shows when."""

from __future__ import annotations

import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path
from typing import NamedTuple

_ROWS, _COLUMNS = 40, 120
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_BREAKS = re.compile(r"[\r\n]+")
# Such as "32 MB of 241 MB", "8.0 MiB/228.9 MiB" and "80 of 241 MB".
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?) ?([kKMGT]?i?B)? ?(?:/|of) ?~?\d+(?:\.\d+)? ?([kKMGT]?i?B)")
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


class Point(NamedTuple):
    """A number of bytes at a time.

    Attributes:
        at: The time by the monotonic clock, in seconds.
        bytes: The bytes.
    """

    at: float
    bytes: float


class Line(NamedTuple):
    """A line, or a version of one that was rewritten in place.

    Attributes:
        at: When it was printed, by the monotonic clock.
        text: The line, without escape sequences.
    """

    at: float
    text: str


class Screen:
    """A running process whose terminal is recorded.

    Args:
        command: The command.
        environment: Its environment variables.
        folder: Where it runs.

    Attributes:
        started: When it was started, by the monotonic clock.
        ended: When it ended; None while it runs.
    """

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        self._terminal, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        sized = {"TERM": "xterm", "COLUMNS": str(_COLUMNS), "LINES": str(_ROWS)}
        self._printed: list[tuple[float, bytes]] = []
        self.started = time.monotonic()
        self.ended: float | None = None
        self._process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment | sized,
            cwd=folder,
            start_new_session=True,
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        threading.Thread(target=self._note_end, daemon=True).start()

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs."""
        return self._process.returncode

    def send(self, number: int) -> None:
        """Send the process a signal, unless it has ended."""
        self._process.send_signal(number)

    def wait(self, seconds: float) -> bool:
        """Wait until the process has ended and its output was read; kill it after some seconds.

        Returns:
            Whether it ended by itself.
        """
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return False
        finally:
            self._reader.join(5)
            if self.ended is None:
                self.ended = time.monotonic()
        return True

    def lines(self) -> list[Line]:
        """Return all lines so far, each version of a line that was rewritten or written piece by piece."""
        lines: list[Line] = []
        begun = ""
        for at, data in list(self._printed):
            *whole, begun = _BREAKS.split(begun + _ESCAPES.sub("\r", data.decode(errors="replace")))
            lines += [Line(at, text.strip()) for text in (*whole, begun) if text.strip()]
        return lines

    def line_feeds(self, since: float) -> int:
        """Return how many lines were ended from a time on."""
        return sum(data.count(b"\n") for at, data in list(self._printed) if at >= since)

    def amounts(self) -> Iterator[Point]:
        """Yield the bytes that the screen says were transferred."""
        for at, text in self.lines():
            if (amount := amount_in(text)) is not None:
                yield Point(at, amount)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._terminal, 1 << 16)
            except OSError:  # the last process that had the terminal has ended
                data = b""
            if not data:
                os.close(self._terminal)
                return
            self._printed.append((time.monotonic(), data))

    def _note_end(self) -> None:
        self._process.wait()
        self.ended = time.monotonic()


def amount_in(text: str) -> float | None:
    """Return the bytes that a progress line says were transferred.

    Example:
        >>> amount_in("13%, 32 MB of 241 MB, 0 of 6 files")
        32000000.0
        >>> amount_in("Completed 1.5 KiB/228.9 MiB (2.0 MiB/s)")
        1536.0
        >>> amount_in("0 of 6 files")
    """
    found = _AMOUNT.search(text)
    if found is None:
        return None
    number, unit, whole = found.groups()
    unit = unit or whole
    base = 1024 if "i" in unit else 1000
    return float(number) * float(base ** _POWERS[unit.removesuffix("B").removesuffix("i").upper()])
