"""The methods that users call. ``scripts/twins.py`` generates the async versions in ``_async``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provena_sdk.resources import inventory as inventory
    from provena_sdk.resources import transfers as transfers


def __getattr__(name: str) -> Any:
    # They bring what moves and lists files, which a program that reads metadata does without.
    if name in ("inventory", "transfers"):
        return import_module(f"provena_sdk.resources.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
