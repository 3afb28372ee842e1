"""How a person is asked to sign in: on stderr, and in the browser when there is one; in a notebook, on a card."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import webbrowser
from dataclasses import dataclass
from typing import Protocol, TextIO

from provena_sdk.config.addresses import is_loopback, is_safe
from provena_sdk.display.text import printable, printable_lines

NON_INTERACTIVE = "PROVENA_NON_INTERACTIVE"
MOST_PAGE_CHARS = 2000
"""The longest address of a page that is shown."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the person needs to know.

    Args:
        deployment: Where they sign in, as they know it.
        url: The page to open; with the code filled in when the server can.
        user_code: The code the page asks for, or shows.
        seconds: How long the code can be used.
    """

    deployment: str
    url: str
    user_code: str
    seconds: float


class Presenter(Protocol):
    """Shows a sign-in to a person. ``finished`` is called once, whatever happens."""

    def show(self, prompt: Prompt) -> None:
        """Show the page and the code."""
        ...

    def waiting(self, seconds_left: float) -> None:
        """Say that the wait goes on; called about once a second."""
        ...

    def finished(self, username: str | None, *, signed_in: bool) -> None:
        """Tidy up, and say who is signed in when somebody is."""
        ...

    def confirm(self, question: str) -> bool | None:
        """Ask a question; None when nobody can answer."""
        ...

    def say(self, text: str) -> None:
        """Show a note of a few lines."""
        ...


class TerminalPresenter:
    """Writes to stderr, and opens a browser when there is one to open.

    Args:
        stream: Where to write; None means ``sys.stderr`` at the time.
        browser: Whether to open the page; None finds out if there is a browser with a window.
    """

    def __init__(self, *, stream: TextIO | None = None, browser: bool | None = None) -> None:
        self._stream = stream
        self._browser = browser
        self._counting = False

    def show(self, prompt: Prompt) -> None:
        """Show the page and the code."""
        opened = (has_browser() if self._browser is None else self._browser) and _open(prompt.url)
        lead = "A browser window should open" if opened else "Open this page in any browser"
        out = self._out()
        code = ""
        if not opened and out.isatty() and not is_loopback(prompt.url):
            # Another device reaches any page but one on this machine.
            from provena_sdk.auth.prompts import qr

            columns = shutil.get_terminal_size().columns
            code = qr.drawn(prompt.url, columns=columns, encoding=getattr(out, "encoding", None))
        self._write(
            f"{code}Signing in to {printable(prompt.deployment)}. {lead}:\n"
            f"    {printable(prompt.url, MOST_PAGE_CHARS)}\n"
            f"If the page shows or asks for a code, it must be this one, valid for {span(prompt.seconds)}:\n"
            f"    {printable(prompt.user_code)}\n"
        )

    def waiting(self, seconds_left: float) -> None:
        """Count down, on a terminal."""
        if self._out().isatty():
            self._counting = True
            minutes, seconds = divmod(int(seconds_left), 60)
            self._write(f"\r\x1b[KWaiting for you to approve, {minutes}:{seconds:02} left. Ctrl-C to stop. ")

    def finished(self, username: str | None, *, signed_in: bool) -> None:
        """Clear the countdown, and say who is signed in."""
        if self._counting:
            self._counting = False
            self._write("\r\x1b[K")
        if signed_in:
            self._write(f"Signed in as {printable(username)}.\n" if username else "Signed in.\n")

    def confirm(self, question: str) -> bool | None:
        """Ask on the terminal; None when nobody watches it."""
        if not someone_watches():
            return None
        self._write(f"{printable_lines(question)} [y/N] ")
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def say(self, text: str) -> None:
        """Write a note."""
        self._write(printable_lines(text))

    def _out(self) -> TextIO:
        return self._stream if self._stream is not None else sys.stderr

    def _write(self, text: str) -> None:
        out = self._out()
        out.write(text)
        out.flush()


def span(seconds: float) -> str:
    """Say a time span in words.

    Example:
        >>> span(599.9), span(60), span(30)
        ('10 minutes', '1 minute', '30 seconds')
    """
    whole = round(seconds)
    count, unit = (whole // 60, "minute") if whole >= 60 else (whole, "second")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def default_presenter() -> Presenter:
    """Return the presenter that fits where this runs: a card in a notebook, stderr anywhere else."""
    from provena_sdk.auth.prompts import notebook

    return TerminalPresenter() if notebook.kernel() is None else notebook.NotebookPresenter()


def someone_watches() -> bool:
    """Tell whether a person can be asked.

    Returns:
        True in a terminal, which both stdin and stderr must be, and in a notebook that takes input; False
        anywhere else, and where PROVENA_NON_INTERACTIVE is set.
    """
    from provena_sdk.auth.prompts import notebook

    if os.environ.get(NON_INTERACTIVE, "").strip().lower() not in ("", "0", "false", "no"):
        return False
    if notebook.kernel() is not None:
        return notebook.takes_input()
    try:
        return sys.stdin.isatty() and sys.stderr.isatty()
    except (AttributeError, ValueError):
        return False


def has_browser() -> bool:
    """Tell whether a browser with a window of its own can be opened here.

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


def _open(url: str) -> bool:
    if not is_safe(url):
        return False
    # Some browsers keep the call waiting until their window is closed.
    threading.Thread(target=_open_quietly, args=(url,), name="provena-browser", daemon=True).start()
    return True


def _open_quietly(url: str) -> None:
    try:
        webbrowser.open(url)
    except Exception:
        # The page can still be opened by hand: the address is on the screen.
        return
