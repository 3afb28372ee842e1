"""Tokens in the operating system's keyring: Keychain, Credential Manager, Secret Service and others."""

from __future__ import annotations

import errno
import hashlib
import json
import sys
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from provena_sdk.auth.store import FileStore, decoded, encoded
from provena_sdk.auth.tokens import SessionKey, Tokens
from provena_sdk.errors import ConfigurationError

SERVICE = "provena-sdk"

WINDOWS_PIECE = 1200
"""Windows holds 2560 bytes an entry, two for each character; the tokens of a session are longer."""

_READ_TRIES = 5

_Result = TypeVar("_Result")


class KeyringStore:
    """Keeps each session in the operating system's keyring. Needs the extra ``provena-sdk[keyring]``.

    An entry that would be too long is kept in pieces, named by a head that is written last, so that a reader never
    meets a mixture. Keyrings have no locks of their own: the lock is a file, in the folder where
    :class:`~provena_sdk.auth.store.FileStore` would keep the session.

    Args:
        piece_chars: The most characters an entry holds; None means what the platform holds.

    Raises:
        ConfigurationError: The extra is not installed, or there is no keyring on this machine.
    """

    def __init__(self, *, piece_chars: int | None = None) -> None:
        self._piece_chars = piece_chars or (WINDOWS_PIECE if sys.platform == "win32" else sys.maxsize)
        self._backend = _backend()
        self._files = FileStore()

    def load(self, key: SessionKey) -> Tokens | None:
        """Return the tokens of a session, or None when there are none that can be read."""
        name = self._name(key)
        for _ in range(_READ_TRIES):
            head, failure = _tried(self._backend.get_password, SERVICE, name)
            if failure is not None:
                _warn(f"The keyring cannot be read ({failure}); the session in it is ignored.")
                return None
            if head is None:
                return None
            content = self._whole(name, head)
            if content is not None:
                break
        else:
            content = ""
        tokens = decoded(content.encode(), key)
        if tokens is None:
            _warn(f"The session {name} in the keyring is damaged or foreign; it is ignored.")
        return tokens

    def save(self, key: SessionKey, tokens: Tokens) -> None:
        """Keep the tokens of a session in place of its former ones.

        Raises:
            OSError: The keyring refused; the former ones still are there.
        """
        name = self._name(key)
        former, _ = _tried(self._backend.get_password, SERVICE, name)
        content = encoded(key, tokens).decode()
        head, pieces = content, dict[str, str]()
        if len(content) > self._piece_chars:
            mark = hashlib.sha256(content.encode()).hexdigest()[:16]
            size = self._piece_chars
            parts = [content[start : start + size] for start in range(0, len(content), size)]
            pieces = {f"{name}.{mark}.{number}": part for number, part in enumerate(parts)}
            head = json.dumps({"pieces": list(pieces)})
        for entry, text in [*pieces.items(), (name, head)]:
            _, failure = _tried(self._backend.set_password, SERVICE, entry, text)
            if failure is not None:
                raise OSError(errno.EIO, f"the keyring refused: {failure}")
        self._drop(set(_named_pieces(former)) - set(pieces))

    def remove(self, key: SessionKey) -> None:
        """Forget a session; nothing happens when there is none.

        Raises:
            OSError: The keyring refused.
        """
        name = self._name(key)
        head, failure = _tried(self._backend.get_password, SERVICE, name)
        if head is not None:
            _, failure = _tried(self._backend.delete_password, SERVICE, name)
        if failure is not None:
            raise OSError(errno.EIO, f"the keyring refused: {failure}")
        self._drop(set(_named_pieces(head)))

    def lock(self, key: SessionKey) -> AbstractContextManager[None]:
        """Keep other processes out, as well as the file system can."""
        return self._files.lock(key)

    def _name(self, key: SessionKey) -> str:
        return self._files.path(key).stem

    def _whole(self, name: str, head: str) -> str | None:
        """Put an entry together; None when a piece is gone because somebody is writing a newer one."""
        names = _named_pieces(head)
        if not names:
            return head
        parts: list[str] = []
        for piece in names:
            part, _ = _tried(self._backend.get_password, SERVICE, piece)
            if part is None:
                return None
            parts.append(part)
        return "".join(parts)

    def _drop(self, entries: set[str]) -> None:
        for entry in entries:
            _tried(self._backend.delete_password, SERVICE, entry)

    def __repr__(self) -> str:
        return f"KeyringStore({self._backend.name!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return KeyringStore, ()


def _backend() -> Any:
    try:
        import keyring
    except ImportError:
        raise ConfigurationError(
            "The keyring cannot be used: the extra is not installed.",
            hint="pip install 'provena-sdk[keyring]', or keep sessions in a file.",
        ) from None
    backend = keyring.get_keyring()
    # The backends that stand for no keyring at all have no priority.
    if backend.priority <= 0:
        raise ConfigurationError(
            "There is no keyring on this machine, or none that is running.",
            hint="Keep sessions in a file or, for one process, in memory.",
        )
    return backend


def _tried(work: Callable[..., _Result], *arguments: str) -> tuple[_Result | None, str | None]:
    """Return the result, or the kind of failure; keyrings raise what their platform's libraries do."""
    try:
        return work(*arguments), None
    except Exception as error:
        return None, type(error).__name__


def _named_pieces(head: str | None) -> list[str]:
    try:
        document = json.loads(head or "")
    except ValueError:
        return []
    names = document.get("pieces") if isinstance(document, dict) else None
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=4)
