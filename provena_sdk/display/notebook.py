"""Whether this process is a notebook's kernel, whether somebody sits in front of it, and what IPython prints."""

from __future__ import annotations

import sys
from typing import Any


def kernel() -> Any:
    """Return the notebook kernel this runs in, or None. Imports nothing."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None)


def takes_input() -> bool:
    """Return whether somebody sits in front of the notebook.

    A front end says with each cell whether it can ask for input; what runs notebooks in a batch says that it
    cannot.
    """
    here = kernel()
    return here is not None and bool(getattr(here, "_allow_stdin", True))


def pretty(thing: object, printer: Any) -> None:
    """Print a thing for IPython: its text when it is a cell's result, its repr when it is inside something else.

    Args:
        thing: The thing, whose text may have several lines.
        printer: IPython's printer.
    """
    printer.text(str(thing) if len(getattr(printer, "stack", ())) <= 1 else repr(thing))
