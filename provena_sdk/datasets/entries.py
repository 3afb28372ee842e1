"""What fsspec calls the info of a file or folder."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias

Entry: TypeAlias = dict[str, Any]
"""``name``, ``type``, ``size`` and, of files, ``ETag`` and ``LastModified``."""


def file_entry(name: str, size: int, etag: str, modified: datetime | None) -> Entry:
    """Return the entry of a file.

    Args:
        name: Its full name.
        size: Its size in bytes.
        etag: Its ETag.
        modified: When it was last written; None when the store does not say.
    """
    return {"name": name, "type": "file", "size": size, "ETag": etag, "LastModified": modified}


def folder_entry(name: str) -> Entry:
    """Return the entry of a folder."""
    return {"name": name, "type": "directory", "size": 0}


def entry_name(entry: Entry) -> str:
    """Return the name of an entry, to sort by."""
    return str(entry["name"])
