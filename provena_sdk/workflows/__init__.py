"""The calls that each method makes, and their order; no I/O."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provena_sdk.workflows import described as described
    from provena_sdk.workflows import inventory as inventory


def __getattr__(name: str) -> Any:
    # Most programs write no citations, exports or inventories.
    if name in ("described", "inventory"):
        return import_module(f"provena_sdk.workflows.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
