"""Credentials and settings for the AWS CLI, rclone, DuckDB, GDAL and other tools that read object stores."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provena_sdk.other_tools import aws_profile as aws_profile
    from provena_sdk.other_tools import store_credentials as store_credentials


def __getattr__(name: str) -> Any:
    # Most programs leave the files to the SDK.
    if name in ("aws_profile", "store_credentials"):
        return import_module(f"provena_sdk.other_tools.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
