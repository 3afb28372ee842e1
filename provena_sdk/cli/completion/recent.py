"""The handles that commands used lately, for completion."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from provena_sdk.operations.handles import is_handle
from provena_sdk.private_files import read_own, state_folder, write_small
from provena_sdk.secret import Secret

_MOST: Final = 50


def _file() -> Path:
    return state_folder() / "recent-handles"


def recent() -> list[str]:
    """Return the handles used lately, the last first; nothing if the file cannot be read, or others could write it."""
    with suppress(OSError, UnicodeError):
        lines = read_own(_file()).decode("utf-8").splitlines()
        return [line for line in lines if is_handle(line)][:_MOST]
    return []


def remember(handles: Iterable[str]) -> None:
    """Put handles first among those used lately. Do nothing if the folder cannot be written."""
    new = list(dict.fromkeys(handles))
    old = recent() if new else []
    if not new or old[: len(new)] == new:
        return
    with suppress(OSError, UnicodeError):
        path = _file()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = list(dict.fromkeys([*new, *old]))[:_MOST]
        write_small(path, Secret("".join(f"{line}\n" for line in kept), "recent handles"))
