"""A line that says what is being waited for, where a person looks."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any, Final, Self, TextIO

from provena_sdk.display import notebook
from provena_sdk.display.terminal import is_terminal

QUIET_SECONDS: Final = 2.0
"""How long a wait lasts before a line that nobody asked for appears."""


class StatusLine:
    """A line that is rewritten in place: in a terminal, or below a notebook's cell. Elsewhere it stays silent.

    Args:
        shown: None shows it where a person looks, once two seconds have passed; True from the start, in any place;
            False never.
        stream: The stream to write to; None means stderr.

    Example:
        >>> import io
        >>> with StatusLine(True, io.StringIO()) as line:
        ...     line.say("waiting")
        ...     line.text
        'waiting'
    """

    def __init__(self, shown: bool | None = None, stream: TextIO | None = None) -> None:
        self.text = ""
        self._stream = sys.stderr if stream is None else stream
        self._in_notebook = notebook.kernel() is not None
        # Without a console, as under pythonw, sys.stderr is None.
        self._in_place = self._stream is not None and is_terminal(self._stream)
        anywhere = shown is True and self._stream is not None
        self._is_silent = shown is False or not (self._in_notebook or self._in_place or anywhere)
        self._opens_at = time.monotonic() + (0.0 if shown else QUIET_SECONDS)
        self._written = ""
        self._handle: Any = None

    def say(self, text: str) -> None:
        """Show a text in place of the one before."""
        self.text = text
        if self._is_silent or time.monotonic() < self._opens_at or text == self._written:
            return
        if self._in_notebook:
            self._say_in_notebook()
        elif self._in_place:
            self._stream.write(f"\r{text.ljust(len(self._written))}")
        else:
            self._stream.write(f"{text}\n")
        if not self._in_notebook:
            self._stream.flush()
        self._written = text

    def _say_in_notebook(self) -> None:
        from IPython.display import display  # noqa: PLC0415  # only a notebook has it

        if self._handle is None:
            show: Any = display
            self._handle = show({"text/plain": self.text}, raw=True, display_id=True)
        else:
            self._handle.update({"text/plain": self.text}, raw=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._in_place and self._written and not self._in_notebook:
            self._stream.write("\n")
            self._stream.flush()
