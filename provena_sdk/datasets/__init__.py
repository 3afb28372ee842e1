"""The files of one dataset: location, credentials, listing, reading and writing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provena_sdk.datasets import files as files


def __getattr__(name: str) -> Any:
    # This imports the S3 client, which a program that only reads metadata does not need.
    if name == "files":
        return import_module("provena_sdk.datasets.files")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
