"""The methods that users call. ``scripts/twins.py`` generates the async versions in ``_async``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provena_sdk.resources import transfers as transfers


def __getattr__(name: str) -> Any:
    # It brings what moves files, which a program that reads metadata does without.
    if name == "transfers":
        return import_module("provena_sdk.resources.transfers")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
