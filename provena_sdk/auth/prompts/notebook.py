"""Ask a person to sign in from a notebook: a card below the cell, which turns into the result."""

from __future__ import annotations

from html import escape
from importlib import import_module
from typing import Any

from provena_sdk.auth.prompts.prompt import MOST_PAGE_CHARS, Prompt, span
from provena_sdk.config.addresses import is_safe
from provena_sdk.display.notebook import takes_input
from provena_sdk.display.text import printable, printable_lines

_UPDATE_SECONDS = 5

_CARD = (
    "font-family:system-ui,sans-serif;line-height:1.5;border:1px solid #8888;border-radius:6px;"
    "padding:.8em 1em;max-width:36em"
)
_BUTTON = (
    "display:inline-block;padding:.35em 1em;border-radius:4px;background:#0b6bcb;color:#fff;"
    "text-decoration:none;font-weight:600"
)
_CODE = "font-family:monospace;font-size:1.3em;letter-spacing:.08em"


def _display(bundle: dict[str, str], **options: Any) -> Any:
    show: Any = import_module("IPython.display").display
    return show(bundle, **options)


class NotebookPresenter:
    """A presenter that shows a card with a link, the code and the time left."""

    def __init__(self) -> None:
        self._prompt: Prompt | None = None
        self._handle: Any = None
        self._shown: int | None = None

    def show(self, prompt: Prompt) -> None:
        """Show the card."""
        self._prompt = prompt
        self._publish(*asking(prompt, prompt.seconds))

    def waiting(self, seconds_left: float) -> None:
        """Count down in minutes, and in steps of five seconds during the last minute."""
        step = 60 if seconds_left >= 60 else _UPDATE_SECONDS
        left = int(seconds_left) // step * step
        if self._prompt is not None and left != self._shown:
            self._shown = left
            self._publish(*asking(self._prompt, left))

    def finished(self, username: str | None, *, signed_in: bool) -> None:
        """Replace the card with the outcome, so that the notebook does not keep the code."""
        prompt, self._prompt = self._prompt, None
        if prompt is not None:
            self._publish(*outcome(prompt.deployment, username, signed_in=signed_in))

    def confirm(self, question: str) -> bool | None:
        """Ask a question below the cell; return None if the notebook takes no input."""
        if not takes_input():
            return None
        try:
            return input(f"{printable_lines(question)} [y/N] ").strip().lower() in ("y", "yes")
        except (NotImplementedError, RuntimeError, EOFError, OSError):
            return None

    def say(self, text: str) -> None:
        """Show a note in a separate card."""
        text = printable_lines(text)
        html = f'<div style="{_CARD};white-space:pre-wrap">{escape(text.strip())}</div>'
        _display({"text/html": html, "text/plain": text}, raw=True)

    def _publish(self, html: str, text: str) -> None:
        bundle = {"text/html": html, "text/plain": text}
        if self._handle is None:
            self._handle = _display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


def asking(prompt: Prompt, seconds_left: float) -> tuple[str, str]:
    """Return the card that asks to sign in, as HTML and as text.

    Args:
        prompt: What to show.
        seconds_left: The seconds until the code expires.
    """
    left = span(max(seconds_left, 0))
    where, address = printable(prompt.deployment), printable(prompt.url, MOST_PAGE_CHARS)
    user_code = printable(prompt.user_code)
    place, url, code = escape(where), escape(address), escape(user_code)
    if is_safe(prompt.url):
        page = (
            f'<p style="margin:.6em 0"><a href="{url}" target="_blank" rel="noopener noreferrer" style="{_BUTTON}">'
            f'Open the sign-in page</a></p><div style="font-size:.85em;opacity:.75;overflow-wrap:anywhere">{url}</div>'
        )
    else:
        page = f'<p style="margin:.6em 0;overflow-wrap:anywhere">Open {url}</p>'
    html = (
        f'<div style="{_CARD}"><strong>Sign in to {place}</strong>{page}'
        f'<p style="margin:.6em 0 0">If the page shows or asks for a code, it must be this one: '
        f'<span style="{_CODE}">{code}</span></p>'
        f'<div style="font-size:.85em;opacity:.75">Waiting for you to approve; {left} left. '
        "Interrupt the kernel to stop.</div></div>"
    )
    text = f"Signing in to {where}. Open {address} and check the code {user_code}; {left} left."
    return html, text


def outcome(deployment: str, username: str | None, *, signed_in: bool) -> tuple[str, str]:
    """Return the card with the outcome, as HTML and as text.

    Args:
        deployment: The deployment.
        username: The user who is signed in, if known.
        signed_in: Whether the sign-in succeeded.
    """
    where = printable(deployment)
    if signed_in:
        text = f"Signed in to {where} as {printable(username)}." if username else f"Signed in to {where}."
    else:
        text = f"Not signed in to {where}."
    mark = "✓" if signed_in else "✗"
    return f'<div style="{_CARD}">{mark} {escape(text)}</div>', text
