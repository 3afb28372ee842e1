"""The file ``provena.toml``, which names the datasets that a project depends on."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provena_sdk.datasets.paths import refusal
from provena_sdk.display.text import printable, quoted
from provena_sdk.errors import ConfigurationError, InvalidArgument
from provena_sdk.operations import handles
from provena_sdk.private_files import read_small
from provena_sdk.transfer.spec.patterns import Selection

PROJECT_FILE: Final = "provena.toml"
LATEST: Final = "latest"

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_KEYS: Final = ("handle", "version", "include", "exclude", "folder")
_EXAMPLE: Final = "[datasets.reef]\nhandle = '10378.1/1451860'"


@dataclass(frozen=True, slots=True)
class Dependency:
    """A dataset that a project depends on.

    Attributes:
        name: Its name in the project.
        handle: Its handle.
        latest: Whether its newest version is wanted, instead of exactly this handle.
        include: The patterns of files to include; all files when empty.
        exclude: The patterns of files to leave out.
        folder: The folder of its files, below the project's folder.
    """

    name: str
    handle: str
    latest: bool
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    folder: str

    @property
    def selection(self) -> Selection:
        """The selection of its files."""
        return Selection(self.include, self.exclude)


def read_project(folder: str | os.PathLike[str]) -> tuple[Dependency, ...]:
    """Read the datasets that a project depends on.

    Args:
        folder: The project's folder.

    Raises:
        ConfigurationError: There is no ``provena.toml``, it cannot be read, or it is malformed; the message names the
            place.
    """
    file = Path(folder) / PROJECT_FILE
    try:
        text = read_small(file).content.decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError(
            f"There is no {PROJECT_FILE} in {quoted(folder)}.",
            hint=f"Write one that names the datasets, such as:\n{_EXAMPLE}",
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is not UTF-8.") from None
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be read ({error.strerror or type(error).__name__})."
        ) from None
    return parse_project(text, file)


def parse_project(text: str, file: str | os.PathLike[str] = PROJECT_FILE) -> tuple[Dependency, ...]:
    r"""Parse the text of ``provena.toml``.

    Args:
        text: The text.
        file: The file, for messages.

    Raises:
        ConfigurationError: It is malformed; the message names the place.

    Example:
        >>> [reef] = parse_project("[datasets.reef]\nhandle = '10378.1/1451860'\nversion = 'latest'")
        >>> reef.handle, reef.latest, reef.folder
        ('10378.1/1451860', True, 'data/reef')
    """
    import tomllib  # noqa: PLC0415  # keeps tomllib away

    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise ConfigurationError(f"{quoted(file)} is not TOML: {printable(error)}.") from None
    datasets = document.pop("datasets", None)
    for key in document:
        raise ConfigurationError(f"{quoted(file)}, {printable(key, 80)}: there is no such setting.")
    if not isinstance(datasets, dict) or not datasets:
        raise ConfigurationError(
            f"{quoted(file)} names no datasets.", hint=f"Write, for example:\n{_EXAMPLE}"
        )
    return tuple(
        _dependency(f"{quoted(file)}, {printable(name, 80)}", name, datasets[name]) for name in datasets
    )


def _dependency(label: str, name: str, values: object) -> Dependency:
    if not _NAME.fullmatch(name):
        raise ConfigurationError(f"{label}: a name has letters, digits, '.', '_' and '-' only.")
    if not isinstance(values, dict):
        raise ConfigurationError(f"{label} must be a table, as in [datasets.{name}].")
    for key in values:
        if key not in _KEYS:
            raise ConfigurationError(
                f"{label}, {printable(key, 80)}: there is no such setting.",
                hint=f"There are {', '.join(_KEYS)}.",
            )
    version = values.get("version")
    if version not in (None, LATEST):
        raise ConfigurationError(
            f"{label}, version must be {LATEST!r}.",
            hint="For one version, leave it out, and give that one's handle.",
        )
    folder = values.get("folder", f"data/{name}")
    reason = folder_refusal(folder)
    if reason:
        raise ConfigurationError(f"{label}, folder: {quoted(folder)} cannot be used: {reason}.")
    try:
        found = Dependency(
            name,
            handles.handle("handle", values.get("handle", "")),
            version == LATEST,
            _patterns(values, "include"),
            _patterns(values, "exclude"),
            folder.removesuffix("/"),
        )
        _ = found.selection
    except InvalidArgument as error:
        raise ConfigurationError(f"{label}, {error.message}", hint=error.hint) from None
    return found


def folder_refusal(folder: object) -> str | None:
    """Return why a folder cannot hold a dataset's files, or None if it can.

    It must be below the project's folder. Hidden folders, such as ``.git``, are not for data.

    Example:
        >>> folder_refusal("data/reef"), folder_refusal(".git")
        (None, 'it is hidden')
    """
    if not isinstance(folder, str):
        return "it is not text"
    reason = refusal(folder.removesuffix("/"))
    if reason is None and any(segment.startswith(".") for segment in folder.split("/")):
        return "it is hidden"
    return reason


def _patterns(values: Mapping[str, object], key: str) -> tuple[str, ...]:
    given = values.get(key, ())
    patterns = (given,) if isinstance(given, str) else given
    if not isinstance(patterns, list | tuple) or not all(isinstance(one, str) for one in patterns):
        raise InvalidArgument(key, "must be a pattern or a list of patterns.")
    return tuple(map(str, patterns))
