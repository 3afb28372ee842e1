"""Any model of the services' as a table of its fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import attrs
from provena_api.types import Shown

from provena_sdk.display.card import Card
from provena_sdk.display.times import moment, shown_time

MOST_FIELDS: Final = 60
"""Most fields that are shown."""

_MOST_ENTRIES: Final = 20
_DEEPEST: Final = 3
_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def record_card(model: Shown) -> Card:
    """Return the fields of a model, those of models in it as ``outer.inner``, without what is secret or empty."""
    fields = [(name, value) for name, value in _fields(model, "", 0) if value]
    left_out = len(fields) - MOST_FIELDS
    rest = [("…", f"{left_out} more")] if left_out > 0 else []
    return Card(_title(model), facts=(*fields[:MOST_FIELDS], *rest))


def _title(model: Shown) -> str:
    words = _WORDS.sub(" ", type(model).__name__).lower()
    return words[:1].upper() + words[1:]


def _fields(model: Shown, start: str, depth: int) -> Iterator[tuple[str, str]]:
    for field in attrs.fields(type(model)):  # type: ignore[arg-type]  # every model with fields is an attrs class
        value = getattr(model, field.name, None)
        if not field.repr or value is None:
            continue
        name = f"{start}{field.name}"
        if isinstance(value, Shown) and depth < _DEEPEST:
            yield from _fields(value, f"{name}.", depth + 1)
        else:
            yield name, _words(field.name, value)


def _words(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        is_time = name in ("timestamp", "expiry", "start_time", "end_time") or name.endswith("_timestamp")
        return (is_time and shown_time(moment(value))) or str(value)[:100]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        shown = ", ".join(_words("", entry) for entry in value[:_MOST_ENTRIES])
        return f"{shown} … and {len(value) - _MOST_ENTRIES} more" if len(value) > _MOST_ENTRIES else shown
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_words('', entry)}" for key, entry in list(value.items())[:_MOST_ENTRIES])
    return repr(value) if isinstance(value, Shown) else str(value)
