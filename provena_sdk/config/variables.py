"""The environment variables that the SDK reads, and a warning about similar ones."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Final

from provena_sdk.config.profiles import CONFIG_FILE, alike
from provena_sdk.config.settings import NON_INTERACTIVE, PROFILE, VARIABLES
from provena_sdk.display.notebook import VARIABLE as DEBUG
from provena_sdk.display.terminal import PAGER
from provena_sdk.display.text import printable
from provena_sdk.logs import VARIABLE as LOG

PREFIX: Final = "PROVENA_"
CACHE_DIR: Final = "PROVENA_CACHE_DIR"
STATE_DIR: Final = "PROVENA_STATE_DIR"

KNOWN: Final = frozenset(
    {*VARIABLES.values(), CACHE_DIR, CONFIG_FILE, DEBUG, LOG, NON_INTERACTIVE, PAGER, PROFILE, STATE_DIR}
)
"""Every PROVENA_ environment variable that the SDK reads."""

_warned: set[str] = set()


def unknown(names: Iterable[str]) -> list[tuple[str, str | None]]:
    """Return the unknown variables that begin with PROVENA_, each with a sentence that suggests a known one, or None.

    Args:
        names: The names of the environment variables.
    """
    return [
        (name, alike(name, KNOWN, prefix=PREFIX))
        for name in sorted(names)
        if name.startswith(PREFIX) and name not in KNOWN
    ]


def warn_of_unknown(names: Iterable[str], *, stacklevel: int = 1) -> None:
    """Warn once about each unknown variable that begins with PROVENA_, which may be a typo.

    Args:
        names: The names of the environment variables.
        stacklevel: The line that the warning names: 1 for the caller's, 2 for that of its caller, and so on.
    """
    for name, near in unknown(set(names) - _warned):
        _warned.add(name)
        warnings.warn(
            f"The environment variable {printable(name)} has no effect: provena-sdk does not know it."
            f"{f' {near}' if near else ''}",
            UserWarning,
            stacklevel=stacklevel + 1,
        )
