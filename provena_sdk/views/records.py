"""Any model of the services' as a table of its fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import attrs
from provena_api.types import Shown

from provena_sdk.display.times import moment, shown_time
from provena_sdk.views.card import Card

MOST_FIELDS: Final = 60
"""Most fields that are shown."""

_MOST_ENTRIES: Final = 20
_DEEPEST: Final = 2
_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def record_card(model: Shown) -> Card:
    """Return the fields of a model, those of models in it as ``outer.inner``, without what is secret or empty."""
    fields = list(_fields(model, "", 0))
    left_out = len(fields) - MOST_FIELDS
    rest = [("…", f"{left_out} more")] if left_out > 0 else []
    return Card(_title(model), facts=(*fields[:MOST_FIELDS], *rest))


def _title(model: Shown) -> str:
    words = _WORDS.sub(" ", type(model).__name__).lower()
    return words[:1].upper() + words[1:]


def _fields(model: Shown, start: str, depth: int) -> Iterator[tuple[str, str]]:
    values = _values(model)
    for name, value in values:
        if not isinstance(value, Shown) or depth == _DEEPEST:
            yield f"{start}{name}", _words(name, value)
    for name, value in values:
        if isinstance(value, Shown) and depth < _DEEPEST:
            yield from _fields(value, f"{start}{name}.", depth + 1)


def _values(model: Shown) -> list[tuple[str, Any]]:
    """Return the names and values of fields, without what is secret or empty."""
    fields = attrs.fields(type(model))  # type: ignore[arg-type]  # every model with fields is an attrs class
    shown = [(field.name, getattr(model, field.name, None)) for field in fields if field.repr]
    return [(name, value) for name, value in shown if value is not None and value not in ("", [], {})]


def _words(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        is_time = name in ("timestamp", "expiry", "start_time", "end_time") or name.endswith("_timestamp")
        return (is_time and shown_time(moment(value))) or str(value)[:100]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        shown = ", ".join(
            repr(entry) if isinstance(entry, Shown) else _words("", entry) for entry in value[:_MOST_ENTRIES]
        )
        return f"{shown} … and {len(value) - _MOST_ENTRIES} more" if len(value) > _MOST_ENTRIES else shown
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_words('', entry)}" for key, entry in list(value.items())[:_MOST_ENTRIES])
    if isinstance(value, Shown):
        return ", ".join(
            f"{inner.replace('_', ' ')}: {_words(inner, found)}" for inner, found in _values(value)
        )
    return str(value)
