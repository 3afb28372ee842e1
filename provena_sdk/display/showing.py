"""Show something to the person in front of a notebook or a terminal."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, Protocol

from provena_sdk.display.notebook import kernel
from provena_sdk.display.terminal import is_terminal, wants_colour


class Showable(Protocol):
    """Something with a text form, which may have colours, and an HTML form."""

    def text(self, *, colour: bool) -> str:
        """Format it as lines."""
        ...

    def _repr_html_(self) -> str: ...


def show(shown: Showable, wanted: bool | None = None) -> None:
    """Show something in a notebook's cell, or on standard error.

    Args:
        shown: What to show.
        wanted: None shows it in a notebook or a terminal; True also where standard error is a file; False never.
    """
    if wanted is False:
        return
    if kernel() is not None:
        display: Any = import_module("IPython.display").display
        display(shown)
    elif wanted or is_terminal(sys.stderr):
        print(shown.text(colour=wants_colour() and is_terminal(sys.stderr)), file=sys.stderr)  # noqa: T201 reason= it was asked for
