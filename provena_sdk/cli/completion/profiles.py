"""The profiles that completion offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provena_sdk.errors import ProvenaError

if TYPE_CHECKING:
    import click


def profiles(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the profiles of ``config.toml`` that begin with a text, and the running sandbox's."""
    from provena_sdk.config import read_config  # noqa: PLC0415  # keeps tomllib away
    from provena_sdk.config.profiles import SANDBOX  # noqa: PLC0415  # keeps tomllib away
    from provena_sdk.config.running_sandbox import with_running_sandbox  # noqa: PLC0415  # keeps tomllib away

    try:
        written = read_config()
        found = {**written.profiles, **with_running_sandbox(written, SANDBOX).profiles}
    except ProvenaError:
        return []
    return [name for name in found if name.startswith(incomplete)]
