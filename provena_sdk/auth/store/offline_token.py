"""The places that hold an offline token: read when needed, and updated when the sign-in server replaces the token."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Protocol

from provena_sdk.auth.store.locking import exclusive
from provena_sdk.auth.tokens import refuse_unsendable, stripped
from provena_sdk.config.profiles import refuse_if_others_write
from provena_sdk.config.settings import Credential
from provena_sdk.display.notices import warn
from provena_sdk.display.text import printable
from provena_sdk.errors import ConfigurationError
from provena_sdk.private_files import (
    make_private_folder,
    others_can_open,
    read_small,
    state_folder,
    write_small,
)
from provena_sdk.secret import Secret

_COMMAND_SECONDS: Final = 60.0
_LOCK_SECONDS: Final = 160.0
_MODES: Final = 0o777


class TokenPlace(Protocol):
    """A place that holds an offline token."""

    @property
    def name(self) -> str:
        """The place, in words."""
        ...

    @property
    def is_writable(self) -> bool:
        """Whether a new token can be written to the place."""
        ...

    def read(self) -> Secret:
        """Return the current token.

        Raises:
            ConfigurationError: The place cannot be read, or the content is not a token.
        """
        ...

    def write(self, token: Secret) -> None:
        """Replace the token.

        Raises:
            OSError: The new token could not be written; the old one is kept.
        """
        ...

    def lock(self) -> AbstractContextManager[None]:
        """Lock out other users of the same place, as far as possible."""
        ...


def place_of(credential: Credential) -> TokenPlace:
    """Return the place that settings name: a file, or a command."""
    if isinstance(credential.value, tuple):
        return TokenCommand(credential.value, credential.store_command, credential.config)
    return TokenFile(Path(str(credential.value)))


class TokenFile:
    """A file that contains only the token.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._warned = False

    @property
    def name(self) -> str:
        """The place, in words."""
        return str(self._path)

    @property
    def is_writable(self) -> bool:
        """Whether the file can be replaced, which depends on its folder."""
        path = self._path.resolve()
        return path.is_file() and os.access(path, os.W_OK) and os.access(path.parent, os.W_OK | os.X_OK)

    def read(self) -> Secret:
        """Return the current token.

        Raises:
            ConfigurationError: The file cannot be read, or the content is not a token.
        """
        return _checked(self._content(), self.name)

    def _content(self) -> Secret:
        try:
            file = read_small(self._path)
            self._warn_of_others(file.state)
            return Secret(file.content.decode("utf-8"))
        except UnicodeDecodeError:
            reason = "not UTF-8"
        except OSError as error:
            reason = error.strerror or type(error).__name__
        raise ConfigurationError(
            f"The offline token in {self._path} cannot be read ({reason}).",
            hint="Check offline_token_file, or PROVENA_OFFLINE_TOKEN_FILE.",
        )

    def _warn_of_others(self, state: os.stat_result) -> None:
        """Warn once if other users can read or replace the token; the superuser does not count."""
        if os.name != "posix" or self._warned:
            return
        if state.st_uid not in (os.geteuid(), 0):
            what = "belongs to another user, who can replace it; make it your own"
        elif others_can_open(state):
            what = f"is open to other users (mode {stat.S_IMODE(state.st_mode):04o}); run chmod 600 on it"
        else:
            return
        self._warned = True
        warn(f"The offline token in {printable(self._path)} {what}.")

    def write(self, token: Secret) -> None:
        """Replace the file, keeping its permissions.

        Raises:
            OSError: It could not be replaced; the old file is kept.
        """
        # A symbolic link is kept, and points to the new file.
        path = self._path.resolve()
        mode = stat.S_IMODE(path.stat().st_mode) & _MODES
        write_small(path, Secret(f"{token.reveal()}\n", "offline_token"), mode=mode)

    def lock(self) -> AbstractContextManager[None]:
        """Lock out other users of the file, on other machines too if the file system supports it."""
        path = self._path.resolve()
        return exclusive(path.with_name(f".{path.name}.lock"), timeout=_LOCK_SECONDS)


class TokenCommand:
    """A command that prints the token, and optionally one that stores a new token.

    Args:
        command: The program that prints the token, and its arguments.
        store_command: The program that reads a new token from standard input, and its arguments; None if there is none.
        config: The configuration file that names them.
    """

    def __init__(
        self, command: tuple[str, ...], store_command: tuple[str, ...] | None, config: Path | None
    ) -> None:
        self._command = command
        self._store_command = store_command
        self._config = config

    @property
    def name(self) -> str:
        """The place, in words; only the program is named, because its arguments might hold a secret."""
        return f"the command {self._command[0]!r}"

    @property
    def is_writable(self) -> bool:
        """Whether there is a command that stores a new token."""
        return self._store_command is not None

    def read(self) -> Secret:
        """Return the first line that the command prints.

        Raises:
            ConfigurationError: The command fails, or the line is not a token.
        """
        if self._config is not None:
            refuse_if_others_write(self._config)
        outcome = _ran(self._command)
        if isinstance(outcome, str):
            raise ConfigurationError(
                f"offline_token_command: {self._command[0]!r} {outcome}.",
                hint="Run it by hand to see its output.",
            )
        return _checked(outcome, self.name)

    def write(self, token: Secret) -> None:
        """Pass the new token to the store command on its standard input.

        Raises:
            OSError: There is no such command, or it failed.
        """
        if self._store_command is None:
            raise OSError("there is no offline_token_store_command")
        outcome = _ran(self._store_command, token)
        if isinstance(outcome, str):
            raise OSError(f"{self._store_command[0]!r} {outcome}")

    def lock(self) -> AbstractContextManager[None]:
        """Lock out other processes of this user on this machine; a command has no lock that others share."""
        folder = state_folder() / "sessions"
        try:
            make_private_folder(folder)
        except OSError:
            return contextlib.nullcontext()
        mark = hashlib.sha256(json.dumps(self._command).encode()).hexdigest()[:16]
        return exclusive(folder / f"command-{mark}.lock", timeout=_LOCK_SECONDS)


def _checked(found: Secret, name: str) -> Secret:
    token = stripped(found, f"The offline token of {name}")
    refuse_unsendable(token)
    return token


def _ran(command: tuple[str, ...], given: Secret | None = None) -> Secret | str:
    """Run a command; return the first line that it prints, or why it failed.

    No error is raised: its frames would show the arguments, and a timeout's exception the output so far.

    Args:
        command: The program and its arguments; no shell is involved.
        given: The line to write to its standard input; None writes nothing.
    """
    program, *rest = command
    try:
        # Its stderr goes to the terminal; only stdout is captured.
        done = subprocess.run(  # noqa: S603  # the user's own configuration names it
            [os.path.expanduser(program), *rest],
            input=b"" if given is None else f"{given.reveal()}\n".encode(),
            stdout=subprocess.PIPE,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"took longer than {_COMMAND_SECONDS:.0f} s"
    except OSError as error:
        return f"could not be run ({error.strerror or type(error).__name__})"
    except ValueError:
        return "could not be run (it contains a null character)"
    if done.returncode != 0:
        return f"ended with status {done.returncode}"
    lines = done.stdout.decode("utf-8", errors="replace").splitlines()
    return Secret(lines[0] if lines else "")
