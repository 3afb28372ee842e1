"""Whether a stream is a terminal."""

from __future__ import annotations

from typing import TextIO


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
