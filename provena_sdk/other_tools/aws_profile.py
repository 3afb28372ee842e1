"""Profiles of the AWS tools whose credentials come from ``provena credential-process``, and therefore renew."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provena_sdk.auth.store.locking import exclusive
from provena_sdk.config import Deployment, Given, read_config, resolve
from provena_sdk.datasets.credentials import Access
from provena_sdk.display.text import printable, printable_lines, quoted
from provena_sdk.errors import ConfigurationError, InvalidArgument
from provena_sdk.other_tools.aws_config import Settings, profile_settings, with_profile
from provena_sdk.other_tools.store_place import StorePlace
from provena_sdk.private_files import (
    make_private_folder,
    others_can_open,
    read_small,
    state_folder,
    write_small,
)
from provena_sdk.secret import Secret

CONFIG_FILE: Final = "AWS_CONFIG_FILE"
"""The environment variable that names the configuration file of the AWS tools."""

COMMAND: Final = "credential-process"

_WAIT_SECONDS: Final = 10.0
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,127}")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:@%+=,-]+")
_ENDS_DOUBLE_QUOTES: Final = re.compile(r'["\\$`!]')


@dataclass(frozen=True, slots=True, repr=False)
class AwsProfile(StorePlace):
    """A profile of the AWS tools for one dataset. It holds no secret: it names the command that gets credentials.

    ``str()`` is the section of the configuration file; :meth:`save` writes it.

    Attributes:
        location: The bucket, and the prefix of the keys in it.
        address: The URL and region of the object store, and the certificate authorities to trust.
        access: ``read`` or ``write``.
        name: The profile's name, as in ``aws --profile NAME``.
        command: The command that gets credentials, with its arguments.
        needs_environment: Whether the command finds the deployment only with the ``PROVENA_`` variables of this
            process, which must then be set for the tools as well.
    """

    name: str
    command: tuple[str, ...]
    needs_environment: bool

    def __repr__(self) -> str:
        return f"<AwsProfile {printable(self.name, 80)} of {printable(self.dataset_id, 80)}>"

    def __str__(self) -> str:
        return printable_lines(with_profile("", self.name, self.settings).rstrip(), 4000)

    @property
    def settings(self) -> Settings:
        """The settings of the profile."""
        settings: dict[str, str | dict[str, str]] = {"credential_process": command_line(self.command)}
        if self.region is not None:
            settings["region"] = self.region
        if self.address.ca_file is not None:
            settings["ca_bundle"] = self.address.ca_file
        if self.endpoint_url is not None:
            settings |= {"endpoint_url": self.endpoint_url, "s3": {"addressing_style": "path"}}
        return settings

    @property
    def rclone_path(self) -> str:
        """The dataset's files, as rclone writes it: ``:s3:bucket/prefix``."""
        return f":s3:{self.bucket}/{self.prefix}"

    @property
    def rclone_options(self) -> tuple[str, ...]:
        """The options with which rclone finds the store; it takes only the credentials from the profile."""
        options = {
            "provider": "AWS" if self.endpoint_url is None else "Other",
            "env-auth": "true",
            "profile": self.name,
            "endpoint": self.endpoint_url,
            "region": self.region,
            # It would create the bucket before it writes, which the credentials do not allow.
            "no-check-bucket": "true",
        }
        given = [f"--s3-{name}={value}" for name, value in options.items() if value is not None]
        return (*given, *([] if self.address.ca_file is None else [f"--ca-cert={self.address.ca_file}"]))

    def save(self, path: str | os.PathLike[str] | None = None) -> bool:
        """Write the profile into a configuration file of the AWS tools.

        Everything else in the file stays as it is. Only you can read the file afterwards.

        Args:
            path: The file; None means that of AWS_CONFIG_FILE, or ``~/.aws/config``.

        Returns:
            Whether the file was changed; it is not if it holds this profile already.

        Raises:
            InvalidArgument: A profile of that name exists, and is not one for this dataset and access.
            ConfigurationError: The file cannot be read or written, or cannot be understood.
        """
        # A link stays, and what it points to is changed.
        file = Path(os.path.realpath(config_file() if path is None else path))
        try:
            with _alone():
                return self._save(file)
        except InvalidArgument:
            raise
        except UnicodeDecodeError:
            raise ConfigurationError(f"{quoted(file)} cannot be read: it is not UTF-8.") from None
        except ValueError as error:
            raise ConfigurationError(
                f"{quoted(file)} cannot be changed: {error}.", hint="Remove all but one of them."
            ) from None
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ConfigurationError(f"{quoted(file)} cannot be changed ({reason}).") from error

    def _save(self, file: Path) -> bool:
        text = _read(file)
        self._refuse_another(text, file)
        changed = with_profile(text, self.name, self.settings)
        if changed == text and not others_can_open(file.stat()):
            return False
        make_private_folder(file.parent)
        write_small(file, Secret(changed, "AWS configuration"))
        return True

    def _refuse_another(self, text: str, file: Path) -> None:
        found = profile_settings(text, self.name)
        if not found:
            return
        words = found.get("credential_process", "").replace('"', "").replace("'", "").split()
        writes = "--write" in words
        is_ours = COMMAND in words and self.dataset_id in words and writes == (self.access is Access.WRITE)
        if not is_ours:
            raise InvalidArgument(
                "name",
                f"{self.name!r} is the name of another profile in {quoted(file)}.",
                hint="Choose another name; nothing was changed.",
            )


def profile_for(
    granted: StorePlace, deployment: Deployment, profile: str | None, name: str | None
) -> AwsProfile:
    """Return the profile of the AWS tools for a dataset.

    Args:
        granted: The dataset's files and the access to them, which was granted.
        deployment: The deployment that granted them.
        profile: The profile of ``config.toml`` in use, if any.
        name: The new profile's name; None for the usual one.

    Raises:
        InvalidArgument: The name is not valid.
    """
    chosen = granted.profile_name if name is None else name
    if not isinstance(chosen, str) or not _NAME.fullmatch(chosen):
        raise InvalidArgument(
            "name",
            "must be the name of a profile: letters, digits and ., _, -, +, @, without spaces.",
            hint="Such as 'reef'.",
        )
    options, needs_environment = _options(deployment, profile)
    write = ["--write"] if granted.access is Access.WRITE else []
    return AwsProfile(
        granted.location,
        granted.address,
        granted.access,
        chosen,
        (*program(), COMMAND, granted.dataset_id, *write, *options),
        needs_environment,
    )


def config_file() -> Path:
    """Return the configuration file of the AWS tools: AWS_CONFIG_FILE, or ``~/.aws/config``."""
    return Path(os.environ.get(CONFIG_FILE) or "~/.aws/config").expanduser()


def program() -> tuple[str, ...]:
    """Return the command that runs ``provena`` from any folder and with any PATH."""
    script = Path(sysconfig.get_path("scripts"), "provena.exe" if os.name == "nt" else "provena")
    return (str(script),) if script.is_file() else (sys.executable, "-m", "provena_sdk.cli")


def command_line(words: Sequence[str]) -> str:
    """Return a command as the AWS tools read it, which is not the same in all of them.

    Some give it to a shell, and some split it themselves, where only double quotes are known. Backslashes, dollar signs
    and the like have no form that all of them understand, except on Windows.

    Args:
        words: The program and its arguments.

    Example:
        >>> command_line(["/opt/my tools/provena", "credential-process", "10378.1/1451860"])
        '"/opt/my tools/provena" credential-process 10378.1/1451860'
    """
    if os.name == "nt":
        return subprocess.list2cmdline(words)
    return " ".join(map(_word, words))


def _word(word: str) -> str:
    if _PLAIN.fullmatch(word):
        return word
    return shlex.quote(word) if not word or _ENDS_DOUBLE_QUOTES.search(word) else f'"{word}"'


def _options(deployment: Deployment, profile: str | None) -> tuple[list[str], bool]:
    """Return the options that lead to a deployment, and whether they do so only in this environment."""
    config = read_config()
    named = profile if profile is not None and profile in config.profiles else None
    choices = [(["--deployment", deployment.domain], Given(deployment.domain))]
    if named is not None:
        choices.insert(0, (["--profile", named], Given(profile=named)))
    for options, given in choices:
        with suppress(ConfigurationError, InvalidArgument):
            if resolve(given, {}, config).deployment == deployment:
                return options, False
    return ([] if named is None else ["--profile", named]), True


@contextmanager
def _alone() -> Iterator[None]:
    """Keep other processes of this user from changing a configuration at the same time."""
    folder = state_folder()
    with suppress(OSError):
        make_private_folder(folder)
    with exclusive(folder / "aws-config.lock", timeout=_WAIT_SECONDS):
        yield


def _read(file: Path) -> str:
    try:
        return read_small(file).content.decode()
    except (FileNotFoundError, NotADirectoryError):
        return ""
