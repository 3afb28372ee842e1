"""An offline token that a file holds or a command prints: read when it is first needed, and never copied."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from pathlib import Path
from typing import Any, Final

from provena_sdk.auth.flows import OfflineToken
from provena_sdk.auth.refusal import Refusal
from provena_sdk.auth.server import SignInServer
from provena_sdk.auth.tokens import SessionKey, refuse_unsendable, stripped
from provena_sdk.config.deployment import Deployment
from provena_sdk.config.private_files import others_can_open, read_small
from provena_sdk.config.profiles import refuse_if_others_write
from provena_sdk.config.settings import Credential
from provena_sdk.display.notices import warn
from provena_sdk.display.text import printable
from provena_sdk.errors import ConfigurationError, SignInError
from provena_sdk.secret import Secret

_COMMAND_SECONDS: Final = 60.0


class HeldSecret(Secret):
    """A token that stays where it is kept until it is needed. It pickles as that place.

    Args:
        credential: The file or the command.
    """

    __slots__ = ("_read", "credential")

    def __init__(self, credential: Credential) -> None:
        super().__init__("", "offline_token")
        self.credential = credential
        self._read: Secret | None = None

    @property
    def place(self) -> str:
        """Where the token is kept, in words."""
        value = self.credential.value
        # Of a command only the program is named: its arguments might hold a secret.
        return f"the command {value[0]!r}" if isinstance(value, tuple) else str(value)

    def reveal(self) -> str:
        """Return the token; read the file or run the command the first time.

        Raises:
            ConfigurationError: The file cannot be read, the command fails, or what they hold is no token.
        """
        if self._read is None:
            found = stripped(_fetched(self.credential), f"The offline token of {self.place}")
            refuse_unsendable(found)
            self._read = found
        return self._read.reveal()

    def __repr__(self) -> str:
        return f"Secret(offline_token of {self.place})"

    def __reduce__(self) -> tuple[object, ...]:
        return HeldSecret, (self.credential,)


class HeldOfflineToken(OfflineToken):
    """Signs in with an offline token that a file holds or a command prints.

    Args:
        server: The sign-in server.
        deployment: The deployment.
        client_id: The client the token is for.
        profile: Keeps several sessions on one deployment apart.
        token: The token.
    """

    def __init__(
        self, server: SignInServer, deployment: Deployment, client_id: str, profile: str, token: HeldSecret
    ) -> None:
        self.server = server
        self._token: HeldSecret = token
        self._named = (deployment, client_id, profile)
        self._key: SessionKey | None = None

    @property
    def key(self) -> SessionKey:  # type: ignore[override]  # found out from the token when it is first needed
        """The name under which what replaces the token is stored."""
        if self._key is None:
            self._key = offline_key(*self._named, self._token)
        return self._key

    @property
    def way(self) -> str:
        """How the sign-in is made, in words."""
        return f"with the offline token of {self._token.place}, as client {self._named[1]}"

    def ended(self, refusal: Refusal) -> SignInError:
        """Name the error for a token that is no longer accepted."""
        error = super().ended(refusal)
        error.hint = f"Create a new one, and put it in place of the one of {self._token.place}."
        return error

    def __repr__(self) -> str:
        return f"OfflineToken({self._named[1]!r} at {self._named[0].issuer!r})"

    def __getstate__(self) -> dict[str, Any]:
        # Where this is unpickled, another token may be in its place.
        return {**self.__dict__, "_key": None}


def offline_key(deployment: Deployment, client_id: str, profile: str, token: Secret) -> SessionKey:
    """Name the session of an offline token.

    Each has one of its own, so that a new token is never shadowed by its predecessor's session.
    """
    mark = hashlib.sha256(token.reveal().encode()).hexdigest()[:16]
    return SessionKey.of(deployment, client_id, f"{profile}:offline:{mark}")


def _fetched(credential: Credential) -> Secret:
    if not isinstance(credential.value, tuple):
        return _content(Path(str(credential.value)))
    if credential.config is not None:
        refuse_if_others_write(credential.config)
    outcome = _printed(credential.value)
    if isinstance(outcome, Secret):
        return outcome
    raise ConfigurationError(
        f"offline_token_command: {credential.value[0]!r} {outcome}.",
        hint="Run it by hand to see what it says.",
    )


def _content(path: Path) -> Secret:
    try:
        file = read_small(path)
        _warn_of_others(path, file.state)
        return Secret(file.content.decode("utf-8"))
    except UnicodeDecodeError:
        reason = "not UTF-8"
    except OSError as error:
        reason = error.strerror or type(error).__name__
    raise ConfigurationError(
        f"The offline token in {path} cannot be read ({reason}).",
        hint="Check offline_token_file, or PROVENA_OFFLINE_TOKEN_FILE.",
    )


def _warn_of_others(path: Path, state: os.stat_result) -> None:
    """Say when other users can have the token, or put another in its place; the superuser always can."""
    if os.name != "posix":
        return
    if state.st_uid not in (os.geteuid(), 0):
        what = "belongs to another user, who can replace it; make it your own"
    elif others_can_open(state):
        what = f"is open to other users (mode {stat.S_IMODE(state.st_mode):04o}); run chmod 600 on it"
    else:
        return
    warn(f"The offline token in {printable(path)} {what}.")


def _printed(command: tuple[str, ...]) -> Secret | str:
    """Run a command; return the first line that it prints, or what went wrong.

    Nothing is raised here: a frame would show the arguments, and a timeout's exception what was printed until then.
    """
    program, *rest = command
    try:
        # Its errors go to the terminal as they are; only what it prints on stdout is taken.
        done = subprocess.run(  # noqa: S603  # the user's own configuration names it; no shell reads it
            [os.path.expanduser(program), *rest],
            stdin=subprocess.DEVNULL,
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
