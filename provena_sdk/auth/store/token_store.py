"""Stores of tokens in memory and in files."""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import json
import logging
import os
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from provena_sdk.auth.store.locking import exclusive
from provena_sdk.auth.tokens import SessionKey, Tokens, number
from provena_sdk.display.notices import warn
from provena_sdk.private_files import (
    close_to_others,
    make_private_folder,
    others_can_open,
    read_small,
    state_folder,
    write_small,
)
from provena_sdk.secret import Secret

_log = logging.getLogger(__name__)

FORMAT = 1

_KIND = "provena-sdk session"
_LOCK_TIMEOUT = 160.0
_PART_SECONDS = 60.0
_ASIDE_SECONDS = 7 * 86_400.0
_UNUSUAL = re.compile(r"[^a-zA-Z0-9.-]+")


class TokenStore(Protocol):
    """A store for the tokens of sessions, used by several threads and processes at once."""

    def load(self, key: SessionKey) -> Tokens | None:
        """Return the tokens of a session, or None if there are none or they cannot be read."""
        ...

    def save(self, key: SessionKey, tokens: Tokens) -> None:
        """Store the tokens of a session, replacing earlier ones.

        Raises:
            OSError: They could not be stored; the earlier tokens are kept.
        """
        ...

    def remove(self, key: SessionKey) -> None:
        """Remove a session, if there is one.

        Raises:
            OSError: It could not be removed.
        """
        ...

    def lock(self, key: SessionKey) -> AbstractContextManager[None]:
        """Lock a session against other users of the store, as far as possible."""
        ...


class MemoryStore:
    """A store that lasts as long as the process. A pickle of it is empty."""

    def __init__(self) -> None:
        self._sessions: dict[SessionKey, Tokens] = {}
        self._lock = threading.RLock()

    def load(self, key: SessionKey) -> Tokens | None:
        """Return the tokens of a session, or None."""
        return self._sessions.get(key)

    def save(self, key: SessionKey, tokens: Tokens) -> None:
        """Keep the tokens of a session."""
        self._sessions[key] = tokens

    def remove(self, key: SessionKey) -> None:
        """Forget a session."""
        self._sessions.pop(key, None)

    @contextmanager
    def lock(self, key: SessionKey) -> Iterator[None]:
        """Lock out other threads."""
        with self._lock:
            yield

    def __repr__(self) -> str:
        return f"MemoryStore({len(self._sessions)} sessions)"

    def __reduce__(self) -> tuple[Any, ...]:
        return MemoryStore, ()


class FileStore:
    """A store with one file for each session, which only its owner can read.

    A session is written to a temporary file in the same folder, flushed to disk and renamed, so the file always holds
    either the old or the new tokens. A file that is damaged, in another format or not a session of this key is set
    aside with a warning, and removed a week later or together with the session.

    Args:
        folder: The folder of the files, created for its owner only if missing. None means ``sessions`` in
            PROVENA_STATE_DIR, or in the user's state folder.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self.folder = Path(folder) if folder is not None else state_folder() / "sessions"
        self._ours = folder is None

    def path(self, key: SessionKey) -> Path:
        """Return the file of a session. Different keys have different files."""
        exact = json.dumps([key.issuer, key.realm, key.client_id, key.profile])
        digest = hashlib.sha256(exact.encode()).hexdigest()[:16]
        host = key.issuer.partition("://")[2].partition("/")[0]
        plain = _UNUSUAL.sub("_", f"{host}-{key.realm}-{key.client_id}-{key.profile}")
        return self.folder / f"{plain[:100].strip('.')}-{digest}.json"

    def load(self, key: SessionKey) -> Tokens | None:
        """Return the tokens of a session, or None if there are none or they cannot be read."""
        path = self.path(key)
        try:
            tokens = decoded(_read_own(path), key)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            warn(
                f"The stored session {path.name} cannot be read ({error.strerror or type(error).__name__}); it is "
                "ignored."
            )
            return None
        if tokens is None:
            self._set_aside(path)
        return tokens

    def save(self, key: SessionKey, tokens: Tokens) -> None:
        """Store the tokens of a session, replacing earlier ones.

        Raises:
            OSError: They could not be written; the earlier tokens are kept.
        """
        self._make_folder()
        write_small(self.path(key), Secret(encoded(key, tokens).decode(), "session"))
        self._clear(f".{self._pattern(key)}.*.part", older_than=_PART_SECONDS)
        self._clear(f"{self._pattern(key)}.*.set-aside", older_than=_ASIDE_SECONDS)

    def remove(self, key: SessionKey) -> None:
        """Remove a session, if there is one.

        Raises:
            OSError: The file could not be removed.
        """
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            self.path(key).unlink()
        self._clear(f".{self._pattern(key)}.*.part", older_than=0.0)
        self._clear(f"{self._pattern(key)}.*.set-aside", older_than=0.0)

    @contextmanager
    def lock(self, key: SessionKey) -> Iterator[None]:
        """Lock out other processes, if the file system supports it; continue without the lock after 160 seconds."""
        try:
            self._make_folder()
        except OSError as error:
            _log.debug("No folder for the lock (%s)", type(error).__name__)
            yield
            return
        with exclusive(self.path(key).with_suffix(".lock"), timeout=_LOCK_TIMEOUT):
            yield

    def _make_folder(self) -> None:
        make_private_folder(self.folder)
        # A folder that the caller named may be shared on purpose; the files in it are private anyway.
        if self._ours:
            close_to_others(self.folder)

    def _pattern(self, key: SessionKey) -> str:
        return glob.escape(self.path(key).stem)

    def _clear(self, pattern: str, *, older_than: float) -> None:
        """Remove files left by a killed process or a damaged session: they may contain tokens."""
        for left in self.folder.glob(pattern):
            with contextlib.suppress(OSError):
                if time.time() - left.stat().st_mtime >= older_than:
                    left.unlink()

    def _set_aside(self, path: Path) -> None:
        aside = path.with_name(f"{path.stem}.{int(time.time())}-{secrets.token_hex(2)}.set-aside")
        try:
            path.rename(aside)
            aside.touch()
        except OSError:
            warn(f"The stored session {path.name} is damaged or foreign; it is ignored.")
            return
        warn(f"The stored session {path.name} is damaged or foreign; it was set aside as {aside.name}.")

    def __repr__(self) -> str:
        return f"FileStore({str(self.folder)!r})"


def encoded(key: SessionKey, tokens: Tokens) -> bytes:
    """Return a session as JSON."""
    return json.dumps(
        {
            "kind": _KIND,
            "format": FORMAT,
            "session": _named(key),
            "tokens": {
                "access_token": tokens.access_token.reveal(),
                "obtained_at": tokens.obtained_at,
                "expires_at": tokens.expires_at,
                "refresh_token": None if tokens.refresh_token is None else tokens.refresh_token.reveal(),
                "refresh_expires_at": tokens.refresh_expires_at,
            },
        },
        indent=1,
    ).encode()


def _named(key: SessionKey) -> dict[str, str]:
    return {"issuer": key.issuer, "realm": key.realm, "client_id": key.client_id, "profile": key.profile}


def decoded(content: bytes, key: SessionKey) -> Tokens | None:
    """Return the tokens that :func:`encoded` wrote for this session; None for other content."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.get("kind") != _KIND or document.get("format") != FORMAT:
        return None
    fields = document.get("tokens")
    if document.get("session") != _named(key) or not isinstance(fields, dict):
        return None
    access, refresh = fields.get("access_token"), fields.get("refresh_token")
    obtained_at = number(fields.get("obtained_at"))
    if not isinstance(access, str) or not access or obtained_at is None:
        return None
    if refresh is not None and not isinstance(refresh, str):
        return None
    return Tokens(
        access_token=Secret(access, "access_token"),
        obtained_at=obtained_at,
        expires_at=number(fields.get("expires_at")),
        refresh_token=None if refresh is None else Secret(refresh, "refresh_token"),
        refresh_expires_at=number(fields.get("refresh_expires_at")),
    )


def _read_own(path: Path) -> bytes:
    """Read a file that must belong to the user, after making it private if it is not."""
    file = read_small(path)
    if os.name == "posix" and file.state.st_uid != os.geteuid():
        raise PermissionError(errno.EACCES, "owned by another user", str(path))
    if others_can_open(file.state):
        warn(f"The stored session {path.name} could be read by other users; its mode is now 0600.")
        with contextlib.suppress(OSError):
            path.chmod(0o600)
    return file.content
