"""The values that completion offers. It prints nothing, asks nobody to sign in, and never takes long."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from typing import Any, Final

from click.shell_completion import CompletionItem

from provena_sdk.cli.completion.recent import recent
from provena_sdk.display.text import escaped
from provena_sdk.operations.handles import is_handle, without_scheme

_SECONDS: Final = 4.0
"""How long completion waits for the files of a folder, once the SDK is loaded."""

_MOST_FILES: Final = 500


def handles(incomplete: str) -> list[CompletionItem]:
    """Return the handles used lately that begin with a text, which may have a scheme."""
    bare = without_scheme(incomplete)
    scheme = incomplete[: len(incomplete) - len(bare)]
    return [CompletionItem(f"{scheme}{handle}") for handle in recent() if handle.startswith(bare)]


def files(incomplete: str, profile: str | None, deployment: str | None) -> list[CompletionItem]:
    """Return handles, or the files and folders of a dataset whose handle has been typed.

    Args:
        incomplete: What has been typed.
        profile: The profile to use, if one is named.
        deployment: The deployment to use, if one is named.
    """
    bare = without_scheme(incomplete)
    handle, slash, path = _split(bare)
    if not slash:
        return handles(incomplete)
    begin = incomplete[: len(incomplete) - len(path)]
    folder, _, _ = path.rpartition("/")
    importlib.import_module("provena_sdk.client")  # no answer is late because a slow disk loads it
    found: list[str] = []

    def look() -> None:
        found.extend(_entries(handle, folder, profile, deployment))

    # A daemon: the process ends whether the services have answered or not.
    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(_SECONDS)
    return [CompletionItem(f"{begin}{name}") for name in found if name.startswith(path)]


def _split(bare: str) -> tuple[str, str, str]:
    """Return the handle, the slash after it if there is one, and the path."""
    prefix, _, rest = bare.partition("/")
    suffix, slash, path = rest.partition("/")
    handle = f"{prefix}/{suffix}"
    return (handle, slash, path) if slash and is_handle(handle) else (bare, "", "")


def _entries(handle: str, folder: str, profile: str | None, deployment: str | None) -> Iterator[str]:
    """Yield the paths in a folder of a dataset; folders end in a slash."""
    from provena_sdk.client import Provena  # noqa: PLC0415  # keeps httpx away from other completions

    try:
        with Provena(deployment, profile=profile, interactive=False) as provena:
            fs: Any = provena.datastore.interactive_dataset(handle).fs
            for entry in fs.ls(folder, detail=True)[:_MOST_FILES]:
                name = str(entry["name"])
                if escaped(name) == name:
                    yield f"{name}/" if entry["type"] == "directory" else name
    except Exception:
        return
