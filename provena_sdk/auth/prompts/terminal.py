"""Ask a person to sign in on stderr, and open the page in a browser if there is one."""

from __future__ import annotations

import shutil
import sys
import threading
import webbrowser
from typing import TextIO

from provena_sdk.auth.prompts import qr
from provena_sdk.auth.prompts.environment import has_browser, someone_watches
from provena_sdk.auth.prompts.prompt import MOST_PAGE_CHARS, Prompt, span
from provena_sdk.config.addresses import is_loopback, is_safe
from provena_sdk.display.text import printable, printable_lines


class TerminalPresenter:
    """A presenter that writes to stderr and opens a browser if there is one.

    Args:
        stream: The stream to write to; None means the current ``sys.stderr``.
        browser: Whether to open the page; None opens it if there is a graphical browser.
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
            # Another device can open the page, unless it is on this machine.
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
        """Clear the countdown, and write who is signed in."""
        if self._counting:
            self._counting = False
            self._write("\r\x1b[K")
        if signed_in:
            self._write(f"Signed in as {printable(username)}.\n" if username else "Signed in.\n")

    def confirm(self, question: str) -> bool | None:
        """Ask a question on the terminal; return None if no person can be asked."""
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


def _open(url: str) -> bool:
    if not is_safe(url):
        return False
    # Some browsers block the call until their window is closed.
    threading.Thread(target=_open_quietly, args=(url,), name="provena-browser", daemon=True).start()
    return True


def _open_quietly(url: str) -> None:
    try:
        webbrowser.open(url)
    except Exception:
        # The page can still be opened by hand: its URL is on the screen.
        return
