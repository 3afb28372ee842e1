"""The calls that each method makes, and their order; no I/O."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provena_sdk.workflows import described as described
    from provena_sdk.workflows import details as details
    from provena_sdk.workflows import editing as editing
    from provena_sdk.workflows import inventory as inventory
    from provena_sdk.workflows import listing_filter as listing_filter
    from provena_sdk.workflows import template as template
    from provena_sdk.workflows import versions as versions


def __getattr__(name: str) -> Any:
    # Most programs write no citations, exports, inventories or templates, choose nothing, and change no metadata.
    if name in ("described", "details", "editing", "inventory", "listing_filter", "template", "versions"):
        return import_module(f"provena_sdk.workflows.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
