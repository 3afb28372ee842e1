"""Entries: the dictionaries that fsspec uses to describe a file or folder."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias

Entry: TypeAlias = dict[str, Any]
"""The keys are ``name``, ``type``, ``size`` and, for files, ``ETag`` and ``LastModified``."""


def file_entry(name: str, size: int, etag: str, modified: datetime | None) -> Entry:
    """Return the entry of a file.

    Args:
        name: The full name.
        size: The size in bytes.
        etag: The ETag.
        modified: The time of the last write; None when the store does not report it.
    """
    return {"name": name, "type": "file", "size": size, "ETag": etag, "LastModified": modified}


def folder_entry(name: str) -> Entry:
    """Return the entry of a folder."""
    return {"name": name, "type": "directory", "size": 0}


def entry_name(entry: Entry) -> str:
    """Return the name of an entry, as a sort key."""
    return str(entry["name"])
