"""Whether a stream is a terminal, and whether it may have colours."""

from __future__ import annotations

import os
from typing import Final, TextIO

PAGER: Final = "PROVENA_PAGER"
"""The environment variable that names the pager of the command line."""


def is_terminal(stream: TextIO) -> bool:
    """Return whether somebody may read a stream in a terminal.

    Args:
        stream: The stream. Programs replace stderr by objects that can only write, and daemons close it.

    Example:
        >>> import io
        >>> is_terminal(io.StringIO())
        False
    """
    try:
        return stream.isatty()
    except (AttributeError, OSError, ValueError):
        return False


def wants_colour() -> bool:
    """Return whether the environment allows colours in a terminal: ``NO_COLOR`` and ``TERM=dumb`` forbid them."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
