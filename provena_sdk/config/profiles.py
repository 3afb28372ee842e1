"""Profiles in ``config.toml``, which the SDK reads and never writes."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from provena_sdk.config.keys import KEYS, PATH_KEYS, STORE_COMMAND, Value
from provena_sdk.errors import ConfigurationError
from provena_sdk.private_files import read_small

CONFIG_FILE: Final = "PROVENA_CONFIG_FILE"

SANDBOX: Final = "sandbox"
"""The profile of the sandbox that runs on this machine, unless the file has one of that name."""

_USUAL: Final = "default"
_SECRETS: Final = (
    "access_token",
    "client_secret",
    "offline_token",
    "password",
    "refresh_token",
    "secret",
    "token",
)
_LINE: Final = re.compile(r"line (\d+)")
_OTHERS_WRITE: Final = 0o002
"""The permission bit that lets every user write to a file."""


@dataclass(frozen=True, slots=True)
class Config:
    """The content of a configuration file.

    Args:
        path: The file.
        profiles: The values of each profile, by key.
        default_profile: The profile to use when none is named; it need not exist if it is called ``default``.
        exists: Whether the file exists.
    """

    path: Path
    profiles: Mapping[str, Mapping[str, Value]] = field(default_factory=dict, repr=False)
    default_profile: str | None = _USUAL
    exists: bool = True


def config_path(environment: Mapping[str, str] | None = None) -> Path:
    """Return the path of the configuration file.

    Args:
        environment: The variables; ``os.environ`` when None.

    Returns:
        The path in PROVENA_CONFIG_FILE, else ``config.toml`` in the platform's folder for user configuration.

    Example:
        >>> config_path({"PROVENA_CONFIG_FILE": "/etc/provena.toml"}).name
        'provena.toml'
    """
    named = (os.environ if environment is None else environment).get(CONFIG_FILE, "").strip()
    if named:
        return Path(named).expanduser()
    from platformdirs import user_config_path  # noqa: PLC0415  # keeps platformdirs away

    return user_config_path("provena-sdk", appauthor=False) / "config.toml"


def read_config(path: str | os.PathLike[str] | None = None) -> Config:
    """Read a configuration file.

    Args:
        path: The file; None means that of :func:`config_path`.

    Returns:
        The content; empty if the file does not exist.

    Raises:
        ConfigurationError: The file cannot be read, is not TOML, or contains an invalid key or value. The message
            names the file with the line, or with the profile and the key.
    """
    place = config_path() if path is None else Path(path)
    try:
        content = read_small(place).content
    except (FileNotFoundError, NotADirectoryError):
        # Services may have a home that is not a folder, which means that there is no configuration either.
        return Config(place, exists=False)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(f"{place} cannot be read ({reason}).") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{place}, line {line}: this is not UTF-8.") from None
    return parse_config(text, place)


def parse_config(text: str, path: str | os.PathLike[str]) -> Config:
    r"""Read the text of a configuration file.

    Args:
        text: The text, in TOML.
        path: The file, for messages; relative paths in the text start at its folder.

    Returns:
        The content.

    Raises:
        ConfigurationError: As in :func:`read_config`.

    Example:
        >>> parse_config('[profiles.reef]\ndomain = "example.org"', "config.toml").profiles["reef"]["domain"]
        'example.org'
    """
    import tomllib  # noqa: PLC0415  # keeps tomllib away

    place = Path(path)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, _, where = str(error).partition(" (at ")
        numbered = _LINE.match(where)
        line = int(numbered[1]) if numbered else text.rstrip().count("\n") + 1
        raise ConfigurationError(f"{place}, line {line}: this is not TOML: {what}.") from None
    except (RecursionError, ValueError):
        raise ConfigurationError(
            f"{place} is nested too deeply, or holds a number that is too long."
        ) from None
    profiles = document.pop("profiles", {})
    default = document.pop("default_profile", _USUAL)
    for key in document:
        raise _unknown(f"{place}, {key}", key, ("default_profile", "profiles"))
    if not isinstance(default, str) or not default.strip():
        raise ConfigurationError(f"{place}, default_profile must name a profile.")
    if not isinstance(profiles, dict):
        raise ConfigurationError(f"{place}, profiles must hold tables, as in [profiles.reef].")
    found = {name: _profile(place, name, values) for name, values in profiles.items()}
    if default != _USUAL and default not in found:
        raise no_such_profile(default, Config(place, found), f"{place}, default_profile")
    return Config(place, found, default)


def no_such_profile(name: str, config: Config, label: str) -> ConfigurationError:
    """Return the error for a profile that does not exist; its hint suggests similar names."""
    if name == SANDBOX:
        hint = "No sandbox runs on this machine; start one with: provena sandbox --demo"
    elif not config.exists:
        hint = f"Write one into {config.path}, which does not exist yet."
    elif not config.profiles:
        hint = f"Write one into {config.path}, which has none."
    else:
        hint = alike(name, config.profiles) or f"{config.path} has {', '.join(sorted(config.profiles))}."
    return ConfigurationError(f"{label}: there is no profile {name!r}.", hint=hint)


def refuse_if_others_write(path: Path) -> None:
    """Refuse a file that another user can write or replace, before a command in it is run.

    Raises:
        ConfigurationError: The file belongs to another user, every user may write to it or its folder, or it is gone.
    """
    try:
        danger = _danger(path)
    except OSError as error:
        raise ConfigurationError(f"{path} can no longer be read ({error.strerror}).") from error
    if danger is not None:
        reason, hint = danger
        raise ConfigurationError(f"{path} names a command, and {reason}.", hint=hint)


def _danger(path: Path) -> tuple[str, str] | None:
    """Return how another user could change a file and what to do about it, or None."""
    if os.name != "posix":
        return None
    status, folder = path.stat(), path.parent.stat()
    if status.st_uid not in (os.geteuid(), 0):
        return "it belongs to somebody else", "Make it your own with chown."
    if status.st_mode & _OTHERS_WRITE:
        return "everybody may write to it", "Run chmod o-w on it."
    # In a sticky folder, such as /tmp, only the owner can replace a file.
    if folder.st_mode & _OTHERS_WRITE and not folder.st_mode & stat.S_ISVTX:
        return "everybody may replace it", "Run chmod o-w on its folder."
    return None


def _profile(path: Path, name: str, values: object) -> dict[str, Value]:
    label = f"{path}, profile {name!r}"
    if not isinstance(values, dict):
        example = "reef" if name in KEYS else name
        raise ConfigurationError(
            f"{label} must hold keys and values.", hint=f"Begin it with [profiles.{example}]."
        )
    found: dict[str, Value] = {}
    for key, value in values.items():
        if key not in KEYS:
            raise _unknown(f"{label}, {key}", key, tuple(KEYS))
        found[key] = KEYS[key].check(f"{label}, {key}", value)
    for key in PATH_KEYS & found.keys():
        found[key] = str(path.parent.absolute() / Path(str(found[key])).expanduser())
    if "offline_token_file" in found and "offline_token_command" in found:
        raise ConfigurationError(
            f"{label}: only one of offline_token_file and offline_token_command can be used."
        )
    if STORE_COMMAND in found and "offline_token_command" not in found:
        raise ConfigurationError(
            f"{label}: {STORE_COMMAND} needs offline_token_command.",
            hint="What is in offline_token_file is replaced there without a command.",
        )
    return found


def _unknown(label: str, key: str, known: tuple[str, ...]) -> ConfigurationError:
    if key in _SECRETS:
        return ConfigurationError(
            f"{label} is a secret, and must not be in this file.",
            hint="Remove it; name where it is kept with offline_token_file or offline_token_command, or set it "
            "in the environment.",
        )
    hint = alike(key, known) or f"There are {', '.join(known)}."
    return ConfigurationError(f"{label} is not a known key.", hint=hint)


def alike(name: str, known: Iterable[str], *, prefix: str = "") -> str | None:
    """Return a sentence that suggests a similar known name, or None.

    Args:
        name: The unknown name.
        known: The known names.
        prefix: The prefix of all known names, which is ignored in the comparison.

    Example:
        >>> alike("timout", ("timeout", "realm"))
        'Did you mean timeout?'
    """
    from difflib import get_close_matches  # noqa: PLC0415  # keeps difflib away

    ends = [one.removeprefix(prefix) for one in known]
    found = [f"{prefix}{end}" for end in get_close_matches(name.removeprefix(prefix), ends, n=2)]
    return f"Did you mean {' or '.join(found)}?" if found else None
