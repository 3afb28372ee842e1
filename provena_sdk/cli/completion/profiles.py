"""The profiles that completion offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provena_sdk.errors import ProvenaError

if TYPE_CHECKING:
    import click


def profiles(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the profiles of ``config.toml`` that begin with a text."""
    from provena_sdk.config import read_config  # noqa: PLC0415  # keeps tomllib away from every start

    try:
        found = read_config().profiles
    except ProvenaError:
        return []
    return [name for name in found if name.startswith(incomplete)]
