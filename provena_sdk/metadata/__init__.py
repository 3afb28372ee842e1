"""Metadata of datasets: checking, reading from files, and making it.

A module is imported when it is first used: write ``metadata.sources.dataset_metadata`` after ``from provena_sdk import
metadata``.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provena_sdk.metadata import changes as changes
    from provena_sdk.metadata import checks as checks
    from provena_sdk.metadata import sources as sources
    from provena_sdk.metadata import template as template
else:
    # Importing a module sets it as an attribute of the package: this runs once for each.
    def __getattr__(name: str) -> ModuleType:
        if name not in ("changes", "checks", "sources", "template"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return import_module(f"{__name__}.{name}")
