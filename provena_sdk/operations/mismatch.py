"""Answers that do not match the interface: what is wrong, and the items of a listing that can be read nevertheless."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from provena_api.types import WrongType, WrongValue

from provena_sdk.display.text import printable
from provena_sdk.operations.operation import Unusable

T = TypeVar("T")

MISMATCHES: Final = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What parsing raises for an answer that does not match the interface."""

_SET_ASIDE: Final = "unparsable_items"
_MOST_NAMED: Final = 3
_HANDLE_LIMIT: Final = 60


def described(error: Exception) -> str:
    """Describe what is missing or wrong without quoting values, which may be secret."""
    if isinstance(error, KeyError):
        return f"{printable(error.args[0], _HANDLE_LIMIT)} is missing"
    if isinstance(error, WrongType | WrongValue | Unusable):
        return printable(error)
    return "a value has an unexpected type"


def mismatch_of(parse: Callable[[Any], object], entry: object) -> str | None:
    """Return what is wrong with a JSON value, or None if it can be parsed."""
    try:
        parse(entry)
    except MISMATCHES as error:
        return described(error)
    return None


def rest_of(parse: Callable[[Any], T], data: object) -> T | None:
    """Parse a page without the items that do not match the interface; these join ``unparsable_items``.

    Args:
        parse: Parses the page.
        data: The page as JSON data, which cannot be parsed as a whole.

    Returns:
        The page; None if no item can be read, or something else is wrong.
    """
    if not isinstance(data, dict) or not isinstance(data.get(_SET_ASIDE), list):
        return None
    unreadable = _unreadable(parse, data, "items")
    items = data.get("items")
    if not unreadable or not isinstance(items, list) or len(unreadable) == len(items) > 1:
        return None  # what no item matches is another interface
    kept = [item for index, item in enumerate(items) if index not in unreadable]
    set_aside = [*data[_SET_ASIDE], *(items[index] for index in unreadable)]
    counts = {"complete_item_count": len(kept), "unparsable_item_count": len(set_aside)}
    try:
        return parse({**data, **counts, "items": kept, _SET_ASIDE: set_aside})
    except MISMATCHES:
        return None


def items_in(parse: Callable[[Any], object], data: object) -> str:
    """Name the items of an answer that do not match the interface, and what is wrong with them; empty if none is."""
    if not isinstance(data, dict):
        return ""
    lists = [name for name, value in data.items() if isinstance(value, list)]
    named = [
        f"{_handle(data[name][index])}: {reason}"
        for name in lists
        for index, reason in _unreadable(parse, data, name).items()
    ]
    more = f" and {len(named) - _MOST_NAMED:,} more" if len(named) > _MOST_NAMED else ""
    return "; ".join(named[:_MOST_NAMED]) + more


def _unreadable(parse: Callable[[Any], object], data: dict[str, Any], name: str) -> dict[int, str]:
    """Return which entries of a list keep an answer from being parsed, and why."""
    entries = data.get(name)
    others = {key: [] if isinstance(value, list) else value for key, value in data.items()}
    if not isinstance(entries, list) or mismatch_of(parse, others) is not None:
        return {}
    reasons = [mismatch_of(parse, {**others, name: [entry]}) for entry in entries]
    return {index: reason for index, reason in enumerate(reasons) if reason is not None}


def _handle(entry: object) -> str:
    handle = entry.get("id") if isinstance(entry, dict) else None
    return printable(handle, _HANDLE_LIMIT) if isinstance(handle, str) and handle else "an item without an id"
