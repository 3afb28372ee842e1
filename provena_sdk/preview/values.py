"""Values of files, for JSON and for people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from provena_sdk.display.text import printable

_MOST: Final = 100


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: NumPy's as Python's, NaN and infinity as None, others as text.

    Example:
        >>> plain([1, float("nan"), b"degC", {"a": 2.5}])
        [1, None, 'degC', {'a': 2.5}]
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def shown(value: Any) -> str:
    """Return a value in one printable line.

    Example:
        >>> shown(0.1 + 0.2), shown([1, 2]), shown(None)
        ('0.3', '1, 2', '')
    """
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.7g}"
    if isinstance(value, list):
        more = ", …" if len(value) > _MOST else ""
        return printable(", ".join(shown(one) for one in value[:_MOST]) + more)
    return printable(value)
