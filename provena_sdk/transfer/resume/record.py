"""Reads the JSON records that journals consist of. Anybody could have written them, so every field is checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def parse_record(
    content: bytes, version: int, kinds: Mapping[str, tuple[type, ...]]
) -> dict[str, Any] | None:
    """Parse a record.

    Args:
        content: Its bytes, which may be anything.
        version: The version it must have.
        kinds: The types that each of its fields may have. A bool is not an int.

    Returns:
        All its fields; None if it is damaged, of another version, or lacks a field.

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
