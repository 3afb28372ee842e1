"""A wrapper that hides secrets: tokens, credentials, signatures, and texts that contain them."""

from __future__ import annotations

from typing import TypeVar

E = TypeVar("E", bound=BaseException)


class Secret:
    """A text that its repr hides, and therefore also logs, tables and tracebacks with local variables.

    Args:
        text: The secret.
        name: The name for its repr and for messages.

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
        """Return the text, for the header, form or file that needs it."""
        return self._text

    @property
    def is_sendable(self) -> bool:
        """Whether the secret is valid in a header: one line of plain characters without spaces."""
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
    """Remove the traceback, the cause and the context of an error, and return it.

    The frames of HTTP clients hold headers and forms, and therefore tokens. Raise the error outside the ``except``
    block that caught it, or Python restores its context.

    Args:
        error: The error; it is modified.
    """
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def hidden(text: str | Secret, name: str) -> Secret:
    """Return a text as a :class:`Secret`; a secret is returned unchanged.

    Example:
        >>> hidden("s3cret", "client_secret")
        Secret(client_secret)
    """
    return text if isinstance(text, Secret) else Secret(text, name)
