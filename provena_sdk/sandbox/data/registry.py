"""The state of the datastore and the search service, in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from provena_sdk.sandbox.data.clock import Clock
from provena_sdk.sandbox.data.index import SearchIndex
from provena_sdk.sandbox.data.items import ALL_ROLES, Item
from provena_sdk.sandbox.data.users import ADMIN, Identity, User

HANDLE_PREFIX = "10378.1"
FIRST_SUFFIX = 1900001

# Sort types of a listing: the item's attribute, and its name in the pagination key.
SORT_KEYS = {
    "CREATED_TIME": "created_timestamp",
    "UPDATED_TIME": "updated_timestamp",
    "DISPLAY_NAME": "display_name",
    "ACCESS_INFO_URI_BEGINS_WITH": "access_info_uri",
}


class State:
    """Items, reviewers and handles of one deployment.

    Hold ``lock`` while reading or changing it from any thread but the servers'.

    Args:
        clock: The sandbox's clock.
        users: The accounts, by name.
        knows_strangers: Whether other accounts get a person in the registry when they need one.
    """

    def __init__(self, clock: Clock, users: Mapping[str, User], *, knows_strangers: bool = False) -> None:
        self.clock = clock
        self.users = users
        self.knows_strangers = knows_strangers
        self.lock = threading.RLock()
        self.items: dict[str, Item] = {}
        self.reviewers: set[str] = set()
        self.next_suffix = FIRST_SUFFIX
        self.index = SearchIndex()
        self._sorted: dict[str, list[tuple[Any, str]]] = {}
        self._persons: dict[str, str] = {}

    def now(self) -> int:
        """Return the time in whole Unix seconds, as in timestamps."""
        return int(self.clock.now())

    def new_handle(self) -> str:
        """Return an unused handle."""
        handle = f"{HANDLE_PREFIX}/{self.next_suffix}"
        self.next_suffix += 1
        return handle

    def put(self, item: Item) -> Item:
        """Add an item, or record that it changed."""
        self.items[item.id] = item
        item.changed()
        self._sorted.clear()
        self.index.put(item)
        return item

    def datasets(self) -> Iterator[Item]:
        """Return the complete datasets, in the order of their creation."""
        return (item for item in self.items.values() if item.subtype == "DATASET" and item.kind == "complete")

    def rows(self, sort_type: str) -> list[tuple[Any, str]]:
        """Return sort value and id of every dataset row that has a value, ascending, including seeds."""
        rows = self._sorted.get(sort_type)
        if rows is None:
            attribute = SORT_KEYS[sort_type]
            found = (
                (_sort_value(item, attribute), item.id)
                for item in self.items.values()
                if item.subtype == "DATASET"
            )
            rows = self._sorted[sort_type] = sorted(row for row in found if row[0] is not None)
        return rows

    def linked_person(self, username: str) -> str | None:
        """Return the id of the person linked to an account, if the registry has that person."""
        if self.knows_strangers and username not in self.users:
            return self._person_of(username)
        user = self.users.get(username)
        person = user.person if user is not None else None
        return person if person in self.items else None

    def _person_of(self, username: str) -> str:
        if username not in self._persons:
            now = self.now()
            body = {"display_name": username, "first_name": username, "last_name": "Sandbox"}
            person = Item(self.new_handle(), "PERSON", username, now, now, body=body)
            self._persons[username] = self.put(person).id
        return self._persons[username]

    def groups(self, username: str) -> frozenset[str]:
        """Return the groups of an account."""
        user = self.users.get(username)
        return user.groups if user is not None else frozenset()

    def roles(self, item: Item, identity: Identity) -> tuple[str, ...]:
        """Return the caller's roles on an item."""
        if owns(item, identity):
            return ALL_ROLES
        granted = dict.fromkeys(item.general_roles)
        for group in self.groups(identity.username):
            granted.update(dict.fromkeys(item.group_roles.get(group, ())))
        return tuple(granted)

    def clear(self) -> None:
        """Forget everything."""
        with self.lock:
            self.items.clear()
            self.reviewers.clear()
            self.next_suffix = FIRST_SUFFIX
            self._sorted.clear()
            self._persons.clear()
            self.index.clear()


def owns(item: Item, identity: Identity) -> bool:
    """Return whether the caller has full access to an item: as its owner, or as a registry administrator."""
    return item.owner == identity.username or ADMIN in identity.roles


def has_roles(identity: Identity, wanted: Iterable[str]) -> bool:
    """Return whether a token has all of the roles."""
    return all(role in identity.roles for role in wanted)


def _sort_value(item: Item, attribute: str) -> Any:
    if attribute == "created_timestamp":
        return item.created
    if attribute == "updated_timestamp":
        return item.updated
    return item.body.get(attribute)
