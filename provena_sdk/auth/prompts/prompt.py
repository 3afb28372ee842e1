"""The prompt for a person who signs in, and the interface of what shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from provena_sdk.display.text import printable

MOST_PAGE_CHARS = 2000
"""The longest URL of a sign-in page to show."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the person needs to sign in.

    Args:
        deployment: The deployment's name, as the person knows it.
        url: The page to open, with the code filled in if the server supports that.
        user_code: The code that the page asks for or shows.
        seconds: The seconds until the code expires.
    """

    deployment: str
    url: str
    user_code: str
    seconds: float

    def __repr__(self) -> str:
        return f"<Prompt to sign in to {printable(self.deployment, 100)}>"


class Presenter(Protocol):
    """Shows a sign-in to a person. ``finished`` is called once, whatever happens."""

    def show(self, prompt: Prompt) -> None:
        """Show the page and the code."""
        ...

    def waiting(self, seconds_left: float) -> None:
        """Show that the SDK is still waiting; called about once a second."""
        ...

    def finished(self, username: str | None, *, signed_in: bool) -> None:
        """Clean up, and show who is signed in."""
        ...

    def confirm(self, question: str) -> bool | None:
        """Ask a yes-or-no question; return None if nobody can answer."""
        ...

    def say(self, text: str) -> None:
        """Show a note of a few lines."""
        ...


def span(seconds: float) -> str:
    """Return a time span in words.

    Example:
        >>> span(599.9), span(60), span(30)
        ('10 minutes', '1 minute', '30 seconds')
    """
    whole = round(seconds)
    count, unit = (whole // 60, "minute") if whole >= 60 else (whole, "second")
    return f"{count} {unit}{'' if count == 1 else 's'}"
