"""The profile ``sandbox``: where the sandbox of ``provena sandbox`` listens, published in the state folder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from provena_sdk.config.keys import KEYS, Value
from provena_sdk.config.profiles import SANDBOX, Config
from provena_sdk.errors import ConfigurationError
from provena_sdk.private_files import make_private_folder, read_own, state_folder, write_small
from provena_sdk.secret import Secret

_FILE: Final = "sandbox.json"
_KEPT_BESIDE: Final = "sandbox-token"


@contextmanager
def published(environment: Mapping[str, str], offline_token: Secret | None = None) -> Iterator[None]:
    """Let programs of this user find a sandbox by the profile ``sandbox``, until the block ends.

    The sandbox that is published last is found.

    Args:
        environment: The variables that point to the sandbox.
        offline_token: A token that signs in without a person; None means that a person signs in.

    Raises:
        OSError: The state folder cannot be written.
    """
    folder = state_folder().absolute()
    make_private_folder(folder)
    values: dict[str, object] = {
        name: environment[key.variable]
        for name, key in KEYS.items()
        if key.variable is not None and key.variable in environment
    }
    if offline_token is not None:
        write_small(folder / _KEPT_BESIDE, offline_token)
        # With a token, no session has to outlive the sandbox.
        values |= {"offline_token_file": str(folder / _KEPT_BESIDE), "storage": "memory"}
    place = folder / _FILE
    content = json.dumps({"process": os.getpid(), "settings": values})
    write_small(place, Secret(content, "sandbox"))
    try:
        yield
    finally:
        with suppress(OSError):
            if read_own(place).decode() == content:
                place.unlink()
                (folder / _KEPT_BESIDE).unlink(missing_ok=True)


def with_running_sandbox(config: Config, name: str | None) -> Config:
    """Return a configuration with the profile of the running sandbox, if it is the one that is named.

    A profile of the same name in ``config.toml`` takes precedence.

    Args:
        config: The configuration file.
        name: The profile in use; None means the default.
    """
    if name != SANDBOX or name in config.profiles:
        return config
    found = _running(state_folder() / _FILE)
    if found is None:
        return config
    return replace(config, path=state_folder() / _FILE, profiles={name: found}, exists=True)


def _running(place: Path) -> Mapping[str, Value] | None:
    try:
        document = json.loads(read_own(place))
        process, settings = document["process"], document["settings"]
        checked = {name: KEYS[name].check(f"{place}, {name}", value) for name, value in settings.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, ConfigurationError):
        return None
    return checked if _lives(process) else None


def _lives(process: object) -> bool:
    """Return whether a process may be alive; a sandbox that was killed could not withdraw what it published."""
    if os.name != "posix":
        return True
    try:
        os.kill(int(str(process)), 0)
    except PermissionError:
        return True
    except (OSError, ValueError, OverflowError):
        return False
    return True
