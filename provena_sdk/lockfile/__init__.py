"""Datasets that a project depends on: ``provena.toml`` names them, and ``provena.lock`` records their files."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provena_sdk.lockfile import installing as installing
    from provena_sdk.lockfile import locking as locking


def __getattr__(name: str) -> Any:
    # They bring what moves files, which a program that reads metadata does without.
    if name in ("installing", "locking"):
        return import_module(f"provena_sdk.lockfile.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
