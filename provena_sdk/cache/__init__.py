"""The cache: verified copies of datasets' files, shared by all projects of a user."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provena_sdk.cache import fetching as fetching


def __getattr__(name: str) -> Any:
    # It brings what moves files, which a program that reads metadata does without.
    if name == "fetching":
        return import_module("provena_sdk.cache.fetching")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
