"""Compare two JSON objects field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from provena_sdk.display.text import printable, quoted


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs between two states.

    Attributes:
        path: The field, such as ``dataset_info.name``.
        before: Its former value, as JSON data; None when it had none.
        after: Its new value; None when it has none.
    """

    path: str
    before: Any
    after: Any

    def __repr__(self) -> str:
        before, after = (quoted(value, 50) for value in (self.before, self.after))
        return f"<Change of {printable(self.path, 60)}: {before} → {after}>"


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Compare two JSON objects field by field. A field that is null counts as missing; a list is one value.

    Args:
        before: The former state.
        after: The new state.

    Example:
        >>> changes({"name": "Reef", "purpose": None}, {"name": "Reefs"})
        [<Change of name: 'Reef' → 'Reefs'>]
    """
    return list(_changes("", before, after))


def _changes(place: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys([*before, *after]):
        path = f"{place}.{name}" if place else name
        one, other = before.get(name), after.get(name)
        inner = [{} if value is None else value for value in (one, other)]
        if all(isinstance(value, Mapping) for value in inner):
            yield from _changes(path, *inner)
        elif one != other:
            yield Change(path, one, other)
