"""Detect what can reach a person: a terminal or notebook that takes input, a graphical browser."""

from __future__ import annotations

import os
import sys
import webbrowser

from provena_sdk.display import notebook

NON_INTERACTIVE = "PROVENA_NON_INTERACTIVE"


def someone_watches() -> bool:
    """Return whether a person can be asked.

    Returns:
        True in a notebook that takes input, or if stdin and stderr are both a terminal; False otherwise, and
        whenever PROVENA_NON_INTERACTIVE is set.
    """
    if os.environ.get(NON_INTERACTIVE, "").strip().lower() not in ("", "0", "false", "no"):
        return False
    if notebook.kernel() is not None:
        return notebook.takes_input()
    try:
        return sys.stdin.isatty() and sys.stderr.isatty()
    except (AttributeError, ValueError):
        return False


def has_browser() -> bool:
    """Return whether a graphical browser can be opened here.

    A text browser would take over the terminal, so systems with X11 or Wayland need a display, unless BROWSER names a
    program.
    """
    if os.environ.get("BROWSER"):
        return True
    if sys.platform in ("darwin", "win32"):
        return "SSH_CONNECTION" not in os.environ
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
