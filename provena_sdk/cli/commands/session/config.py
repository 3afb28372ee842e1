"""The settings in use, and the profiles."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any, Final

from provena_sdk.cli.command import group
from provena_sdk.cli.session import Session
from provena_sdk.cli.table import Column
from provena_sdk.config.profiles import SANDBOX, config_path, read_config
from provena_sdk.config.running_sandbox import with_running_sandbox
from provena_sdk.config.settings import PROFILE

_PROFILES: Final = (
    Column("profile", lambda profile: profile["profile"], id=True),
    Column("domain", lambda profile: profile["domain"]),
    Column("realm", lambda profile: profile["realm"]),
    Column("in_use", lambda profile: profile["in_use"]),
)


@group()
def config() -> None:
    """Show the settings in use, and the profiles."""


@config.command("explain")
def explain(session: Session) -> None:
    """Show every setting, its value and where it comes from.

    Nothing is sent. Of a secret, only that it is set is shown.

    Examples:
        $ provena config explain
        $ provena config explain --profile reef --json
    """
    explanation = session.provena.explain()
    session.out.view(explanation, [asdict(setting) for setting in explanation])


@config.command("path")
def path(session: Session) -> None:
    """Print the path of the configuration file.

    Examples:
        $ provena config path
        $ $EDITOR "$(provena config path)"
    """
    place = config_path()
    session.out.text(str(place))
    if not place.exists():
        session.say("This file does not exist yet.")


@config.command("profiles")
def profiles(session: Session) -> None:
    """List the profiles of the configuration file, and the running sandbox's.

    Examples:
        $ provena config profiles
    """
    written = read_config()
    known = {**with_running_sandbox(written, SANDBOX).profiles, **written.profiles}
    in_use = session.options.profile or os.environ.get(PROFILE, "").strip() or written.default_profile
    rows: list[dict[str, Any]] = [
        {
            "profile": name,
            "domain": values.get("domain"),
            "realm": values.get("realm"),
            "in_use": name == in_use,
        }
        for name, values in sorted(known.items())
    ]
    if not session.out.rows(rows, _PROFILES):
        session.say(f"There is no profile yet; write one into {config_path()}.")
