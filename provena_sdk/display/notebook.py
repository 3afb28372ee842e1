"""IPython and Jupyter: whether this process is a notebook's kernel, who sits in front of it, and how errors are shown.

IPython calls ``_render_traceback_`` of an error that has it, so that nothing has to be installed to show errors.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final

VARIABLE: Final = "PROVENA_DEBUG"
"""The environment variable that keeps every frame of a traceback."""

_NO: Final = frozenset({"", "0", "false", "no", "off"})
# With fewer, a notebook shows no line of a cell.
_LINES: Final = 2
_STANDARD: Final = os.path.dirname(os.__file__) + os.sep
_PACKAGES: Final = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}", "<frozen ")


def kernel() -> Any:
    """Return the notebook kernel this runs in, or None. Imports nothing."""
    return getattr(_shell(), "kernel", None)


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


def every_frame() -> bool:
    """Return whether PROVENA_DEBUG asks for every frame of a traceback."""
    return os.environ.get(VARIABLE, "").strip().lower() not in _NO


def traceback_lines(error: BaseException) -> list[str]:
    """Return what IPython shows for an error, in the user's own mode and colours.

    Each frame has at most two lines of code. Frames of other libraries are left out, unless PROVENA_DEBUG asks for
    every frame.

    Args:
        error: The error; its traceback is not changed, so that ``%debug`` still has all of it.
    """
    shell = _shell()
    if shell is None:
        return "".join(traceback.format_exception(error)).rstrip("\n").split("\n")
    render = shell.InteractiveTB.structured_traceback
    lines: list[str]
    if every_frame():
        lines = render(type(error), error, error.__traceback__)
    else:
        lines = render(type(error), error, _chosen(error.__traceback__), tb_offset=0, context=_LINES)
    return lines


def _chosen(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback of the user's own frames and the innermost one."""
    kept = [link for link in _links(trace) if link.tb_next is None or _is_users(link)]
    chosen: TracebackType | None = None
    for link in reversed(kept):
        chosen = TracebackType(chosen, link.tb_frame, link.tb_lasti, link.tb_lineno)
    return chosen


def _links(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _is_users(link: TracebackType) -> bool:
    name = link.tb_frame.f_code.co_filename
    return not name.startswith(_STANDARD) and not any(part in name for part in _PACKAGES)


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None
