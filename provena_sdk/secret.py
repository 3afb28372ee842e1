"""An object for secrets that hides them: tokens, credentials, signatures, and texts that contain them."""

from __future__ import annotations

from typing import TypeVar

E = TypeVar("E", bound=BaseException)


class Secret:
    """A text that no repr shows, and so no log, no table and no traceback with local variables.

    Args:
        text: The secret.
        name: What it is, for its repr and for messages.

    Example:
        >>> token = Secret("s3cret", "access_token")
        >>> token
        Secret(access_token)
        >>> token.reveal()
        's3cret'
    """

    __slots__ = ("_text", "name")

    def __init__(self, text: str, name: str = "secret") -> None:
        self._text = text
        self.name = name

    def reveal(self) -> str:
        """Return the secret itself, for the header, form or file that needs it."""
        return self._text

    @property
    def is_sendable(self) -> bool:
        """Whether the secret can stand in a header: one line of plain characters, and no space."""
        text = self.reveal()
        return bool(text) and text.isascii() and text.isprintable() and " " not in text

    def __eq__(self, other: object) -> bool:
        return self.reveal() == other.reveal() if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.reveal())

    def __repr__(self) -> str:
        return f"Secret({self.name})"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError(f"{self.name}: a secret is not pickled.")


def without_frames(error: E) -> E:
    """Cut off an error the frames that it came through, and what lies beneath it.

    The frames of HTTP clients hold headers and forms, and so tokens. Raise the error outside of the ``except`` block
    that noticed it, or Python adds it to the context again.

    Args:
        error: The error; it is changed.
    """
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def hidden(text: str | Secret, name: str) -> Secret:
    """Return a secret as an object that hides it; one that is hidden already stays as it is.

    Example:
        >>> hidden("s3cret", "client_secret")
        Secret(client_secret)
    """
    return text if isinstance(text, Secret) else Secret(text, name)
