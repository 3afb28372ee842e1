"""What this process can use to reach a person: a terminal or notebook that takes input, a browser with a window."""

from __future__ import annotations

import os
import sys
import webbrowser

from provena_sdk.display import notebook

NON_INTERACTIVE = "PROVENA_NON_INTERACTIVE"


def someone_watches() -> bool:
    """Return whether a person can be asked.

    Returns:
        True in a terminal, which both stdin and stderr must be, and in a notebook that takes input; False
        anywhere else, and where PROVENA_NON_INTERACTIVE is set.
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
    """Return whether a browser with a window of its own can be opened here.

    A text browser would take the terminal over, so on systems with X11 or Wayland a display must be there, unless
    BROWSER names what to run.
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
