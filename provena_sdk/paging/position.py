"""The position in a list: the paging rules that both clients share."""

from __future__ import annotations

import operator
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final, Generic, SupportsIndex, TypeVar

from provena_sdk.display.tables import html_section
from provena_sdk.errors import InvalidArgument
from provena_sdk.paging.page import (
    Page,
    PageKey,
    UnreadableItem,
    VisitedKeys,
    unreadable_text,
    warn_of_unreadable,
)
from provena_sdk.views.tabular import TabularList

T = TypeVar("T")
KEPT: Final = 100
"""The number of first items that stay at hand after they have been read."""

SHOWN: Final = 10
"""The number of items that results show."""


@dataclass(slots=True)
class Position(Generic[T]):
    """The position in a list."""

    remaining: int | None
    kind: type[TabularList[T]] = TabularList
    key: PageKey | None = None
    at_end: bool = False
    read: int = 0
    buffer: deque[T] = field(default_factory=deque)
    total: int | None = None
    first: list[T] = field(default_factory=list)
    unreadable: list[UnreadableItem] = field(default_factory=list)
    _visited: VisitedKeys = field(default_factory=VisitedKeys)

    def __post_init__(self) -> None:
        if self.remaining == 0:
            self.at_end, self.total = True, 0

    @property
    def count(self) -> int:
        """The number of items fetched so far; once closed, of those that are kept."""
        return max(self.read + len(self.buffer), len(self.first))

    def accept(self, page: Page[T]) -> None:
        """Add the page for ``key``. Only a missing key ends a list: pages may be short, even empty."""
        if page.key is not None:
            self._visited.add(page.key)
        self.unreadable += page.unreadable
        items = page.items if self.remaining is None else page.items[: self.remaining]
        if self.remaining is not None:
            self.remaining -= len(items)
        self.key = page.key
        self.at_end = page.key is None or self.remaining == 0
        self.buffer.extend(items)
        self.first += items[: KEPT - len(self.first)]
        if self.at_end:
            self.total = self.count
        warn_of_unreadable(page.unreadable)

    def take(self) -> T:
        """Read the next item of the buffer."""
        self.read += 1
        return self.buffer.popleft()

    def take_all(self) -> TabularList[T]:
        """Read all items of the buffer."""
        items = self.kind(self.buffer)
        self.read += len(items)
        self.buffer.clear()
        return items

    def close(self) -> None:
        """End the list here, and forget what was not read."""
        self.at_end = True
        self.buffer.clear()

    def length(self) -> int:
        """Return the number of all items.

        Raises:
            TypeError: The last page has not been fetched.
        """
        if self.total is None:
            plural = self.kind.noun[1]
            raise TypeError(
                f"The number of {plural} is known only once all have been fetched; len(results.all()) counts them."
            )
        return self.total

    def needed(self, index: SupportsIndex | slice) -> int | None:
        """Return how many items must be fetched for an index or a slice; None for all.

        Raises:
            IndexError: It counts from the end, and the results were closed before the end was reached.
        """
        if isinstance(index, slice):
            is_forward = index.stop is not None and min(index.start or 0, index.stop, index.step or 1) >= 0
            end = index.stop if is_forward else None
        else:
            place = operator.index(index)
            end = None if place < 0 else place + 1
        if end is None and self.at_end and self.count != self.total:
            raise IndexError(
                f"The results were closed before the last of the {self.kind.noun[1]} was fetched."
            )
        return end

    def item(self, index: SupportsIndex) -> T:
        """Return a fetched item, counted from the beginning.

        Raises:
            IndexError: There is none, or it is not kept.
        """
        place = operator.index(index)
        return self._at(place + self.count if place < 0 else place)

    def items(self, index: slice) -> TabularList[T]:
        """Return fetched items, counted from the beginning.

        Raises:
            IndexError: One of them is not kept.
        """
        unread = list(self.buffer)  # a deque is slow in the middle
        return self.kind(
            unread[place - self.read] if 0 <= place - self.read < len(unread) else self._at(place)
            for place in range(*index.indices(self.count))
        )

    def _at(self, place: int) -> T:
        singular, plural = self.kind.noun
        if 0 <= place < len(self.first):
            return self.first[place]
        if self.read <= place < self.count:
            return self.buffer[place - self.read]
        if 0 <= place < self.read:
            raise IndexError(
                f"{singular.capitalize()} {place} has been read, and only the first {KEPT} are kept. "
                f"List them again, and keep what all() returns."
            )
        fetched = "" if self.total is not None else " fetched"
        raise IndexError(f"There is no {singular} {place}: {self.count:,} {plural}{fetched}.")

    def shown(self) -> tuple[TabularList[T], str, str]:
        """Return the first items, a line about the others, and one about what could not be read; each may be empty."""
        rows = self.kind(self.first[:SHOWN])
        rest = "" if self.at_end else "… more"
        if self.total is not None:
            rest = f"… {self.total - len(rows):,} more" if self.total > len(rows) else ""
        return rows, rest, unreadable_text(self.unreadable)

    def __str__(self) -> str:
        rest = "no more to come" if self.at_end and not self.buffer else "more to come"
        return f"{self.read} read, {rest}"

    def named(self, name: str) -> str:
        """Return the repr of results."""
        plural = self.kind.noun[1]
        return f"<{name}: {self}>" if plural == "items" else f"<{name} of {plural}: {self}>"


def refuse_negative(count: int) -> None:
    """Refuse a number of items below 0.

    Raises:
        InvalidArgument: It is negative.
    """
    if count < 0:
        raise InvalidArgument("count", f"must be at least 0, not {count}.")


def text_of(rows: TabularList[Any], *lines: str) -> str:
    """Return rows as text, with lines below them; empty ones are left out."""
    return "\n".join(filter(None, (str(rows) if rows else f"no {rows.noun[1]}", *lines)))


def html_of(rows: TabularList[Any], *lines: str) -> str:
    """Return rows as HTML, with lines below them; empty ones are left out."""
    shown = rows._html() if rows else None
    return html_section("" if rows else f"no {rows.noun[1]}", shown, notes=filter(None, lines))
