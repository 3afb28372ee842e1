"""Store tokens in the operating system's keyring: Keychain, Credential Manager, Secret Service and others."""

from __future__ import annotations

import errno
import hashlib
import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from provena_sdk.auth.store.token_store import FileStore, decoded, encoded
from provena_sdk.auth.tokens import SessionKey, Tokens
from provena_sdk.display.notices import warn
from provena_sdk.errors import ConfigurationError
from provena_sdk.secret import Secret

SERVICE = "provena-sdk"

WINDOWS_PIECE = 1200
"""Characters for each entry on Windows, which allows 2560 bytes at two a character; a session's tokens are longer."""

_READ_TRIES = 5

_Result = TypeVar("_Result")


class KeyringStore:
    """A store in the operating system's keyring. It needs the extra ``provena-sdk[keyring]``.

    A session that is too long for one entry is split; a head entry that names the others is written last, so that
    readers never get a mixture. Keyrings have no locks, so the lock is a file in the folder where
    :class:`~provena_sdk.auth.store.token_store.FileStore` would store the session.

    Args:
        piece_chars: The most characters in an entry; None means the platform's limit.

    Raises:
        ConfigurationError: The extra is not installed, or there is no keyring on this machine.
    """

    def __init__(self, *, piece_chars: int | None = None) -> None:
        self._piece_chars = piece_chars or (WINDOWS_PIECE if sys.platform == "win32" else sys.maxsize)
        self._backend = _backend()
        self._files = FileStore()

    def load(self, key: SessionKey) -> Tokens | None:
        """Return the tokens of a session, or None if there are none or they cannot be read."""
        name = self._name(key)
        content: Secret | None = None
        for _ in range(_READ_TRIES):
            head, failure = self._read(name)
            if failure is not None:
                warn(f"The keyring cannot be read ({failure}); the session in it is ignored.")
                return None
            if head is None:
                return None
            content = self._whole(head)
            if content is not None:
                break
        tokens = None if content is None else decoded(content.reveal().encode(), key)
        if tokens is None:
            warn(f"The session {name} in the keyring is damaged or foreign; it is ignored.")
        return tokens

    def save(self, key: SessionKey, tokens: Tokens) -> None:
        """Store the tokens of a session, replacing earlier ones.

        Raises:
            OSError: The keyring refused; the earlier tokens are kept.
        """
        name = self._name(key)
        former, _ = self._read(name)
        entries = self._entries(name, encoded(key, tokens).decode())
        for entry, text in entries.items():
            _, failure = _tried(self._backend.set_password, SERVICE, entry, text.reveal())
            if failure is not None:
                raise OSError(errno.EIO, f"the keyring refused: {failure}")
        self._drop(_named_pieces(former) - entries.keys())

    def _entries(self, name: str, content: str) -> dict[str, Secret]:
        """Split a session into entries that the keyring can hold; readers start with the last."""
        size = self._piece_chars
        if len(content) <= size:
            return {name: Secret(content)}
        mark = hashlib.sha256(content.encode()).hexdigest()[:16]
        parts = [content[start : start + size] for start in range(0, len(content), size)]
        pieces = {f"{name}.{mark}.{number}": Secret(part) for number, part in enumerate(parts)}
        return {**pieces, name: Secret(json.dumps({"pieces": list(pieces)}))}

    def remove(self, key: SessionKey) -> None:
        """Remove a session, if there is one.

        Raises:
            OSError: The keyring refused.
        """
        name = self._name(key)
        head, failure = self._read(name)
        if head is not None:
            _, failure = _tried(self._backend.delete_password, SERVICE, name)
        if failure is not None:
            raise OSError(errno.EIO, f"the keyring refused: {failure}")
        self._drop(_named_pieces(head))

    def lock(self, key: SessionKey) -> AbstractContextManager[None]:
        """Lock out other processes, as far as the file system supports it."""
        return self._files.lock(key)

    def _name(self, key: SessionKey) -> str:
        return self._files.path(key).stem

    def _read(self, entry: str) -> tuple[Secret | None, str | None]:
        """Return an entry, or the kind of failure."""
        text, failure = _tried(self._backend.get_password, SERVICE, entry)
        return (Secret(text) if isinstance(text, str) else None), failure

    def _whole(self, head: Secret) -> Secret | None:
        """Join a session's entries; return None if one is missing, because another process is replacing the session."""
        names = _piece_list(head)
        parts = [self._read(piece)[0] for piece in names]
        if not names:
            return head
        return None if None in parts else Secret("".join(part.reveal() for part in parts if part is not None))

    def _drop(self, entries: set[str]) -> None:
        for entry in entries:
            _tried(self._backend.delete_password, SERVICE, entry)

    def __repr__(self) -> str:
        return f"KeyringStore({self._backend.name!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return KeyringStore, ()


def _backend() -> Any:
    try:
        import keyring  # noqa: PLC0415  # an extra
    except ImportError:
        raise ConfigurationError(
            "The keyring cannot be used: the extra is not installed.",
            hint="pip install 'provena-sdk[keyring]', or keep sessions in a file.",
        ) from None
    backend = keyring.get_keyring()
    # The backends for systems without a keyring have no priority.
    if backend.priority <= 0:
        raise ConfigurationError(
            "There is no keyring on this machine, or none that is running.",
            hint="Keep sessions in a file or, for one process, in memory.",
        )
    return backend


def _tried(work: Callable[..., _Result], *arguments: str) -> tuple[_Result | None, str | None]:
    """Return the result, or the kind of failure; keyrings raise the errors of their platform's libraries."""
    try:
        return work(*arguments), None
    except Exception as error:
        return None, type(error).__name__


def _piece_list(head: Secret | None) -> list[str]:
    try:
        document = json.loads("" if head is None else head.reveal())
    except (ValueError, RecursionError):
        return []
    names = document.get("pieces") if isinstance(document, dict) else None
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _named_pieces(head: Secret | None) -> set[str]:
    return set(_piece_list(head))
