"""One page of a list, and what in it could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, Generic, TypeVar

from provena_sdk.display.notices import warn
from provena_sdk.display.text import printable
from provena_sdk.errors import ProvenaError

T = TypeVar("T")

_MOST_NAMED: Final = 3

PageKey = object
"""The service's key for the next page, sent back unchanged."""


@dataclass(frozen=True, slots=True, repr=False)
class UnreadableItem:
    """An item that a listing left out, because it does not match the interface.

    Attributes:
        id: Its handle; empty if it has none.
        reason: What is wrong with it.
    """

    id: str
    reason: str

    def __str__(self) -> str:
        return f"{printable(self.id, 60) or 'an item without an id'} ({printable(self.reason, 120)})"

    def __repr__(self) -> str:
        return f"<UnreadableItem {self}>"


def unreadable_text(items: Sequence[UnreadableItem]) -> str:
    """Return a line about items that a listing left out; empty if there are none.

    Example:
        >>> unreadable_text([UnreadableItem("10378.1/1900011", "license is missing")])
        '1 item could not be read: 10378.1/1900011 (license is missing)'
    """
    if not items:
        return ""
    named = ", ".join(map(str, items[:_MOST_NAMED]))
    more = f" and {len(items) - _MOST_NAMED:,} more" if len(items) > _MOST_NAMED else ""
    return f"{len(items):,} item{'' if len(items) == 1 else 's'} could not be read: {named}{more}"


def warn_of_unreadable(items: Sequence[UnreadableItem]) -> None:
    """Warn of items that a listing left out, if there are any."""
    if items:
        warn(
            f"{unreadable_text(items)}. The listing continues without {'it' if len(items) == 1 else 'them'}."
        )


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list.

    Attributes:
        items: Its items.
        key: The key of the next page; None on the last page.
        unreadable: What else is on this page and could not be read.
    """

    items: list[T]
    key: PageKey | None
    unreadable: Sequence[UnreadableItem] = ()


class VisitedKeys:
    """The page keys seen in one listing, to detect pages that lead in a circle."""

    def __init__(self) -> None:
        # Digests only, so that 100,000 pages take about 10 MB.
        self._digests: set[bytes] = set()

    def add(self, key: PageKey) -> None:
        """Add the key of the next page.

        Raises:
            ProvenaError: The service gave this key before.
        """
        digest = blake2b(repr(key).encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if digest in self._digests:
            raise ProvenaError(
                "The service gave the same page key twice; the listing would never end.",
                hint="Report it to the deployment's operator. The results read so far are valid.",
            )
        self._digests.add(digest)
