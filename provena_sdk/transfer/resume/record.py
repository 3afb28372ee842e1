"""Parse the JSON records in journals, and check every field, since others may have written the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def parse_record(
    content: bytes, version: int, kinds: Mapping[str, tuple[type, ...]]
) -> dict[str, Any] | None:
    """Parse a record.

    Args:
        content: The record's bytes, which are not trusted.
        version: The required version.
        kinds: The required fields, each with its allowed types. A bool is not accepted as an int.

    Returns:
        All fields of the record; None if it is damaged, has another version, or lacks a required field.

    Example:
        >>> parse_record(b'{"version": 1, "size": 5}', 1, {"size": (int,)})
        {'version': 1, 'size': 5}
        >>> parse_record(b'{"version": 1, "size": "5"}', 1, {"size": (int,)})
    """
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or fields.get("version") != version:
        return None
    for name, types in kinds.items():
        value = fields.get(name, ())
        if not isinstance(value, types) or isinstance(value, bool):
            return None
    return fields
