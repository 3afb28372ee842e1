"""The registry's items, which all services share, in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from provena_sdk.sandbox.data.accounts import Accounts
from provena_sdk.sandbox.data.clock import Clock
from provena_sdk.sandbox.data.index import SearchIndex
from provena_sdk.sandbox.data.items import Item, person_body, roles_for
from provena_sdk.sandbox.data.listing import EVERYTHING, Index, Row
from provena_sdk.sandbox.data.users import ADMIN, Identity, User

HANDLE_PREFIX = "10378.1"
FIRST_SUFFIX = 1900001
# Activities have handles of their own, so that the datasets' do not depend on when a worker runs.
FIRST_ACTIVITY_SUFFIX = 2900001


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
        self.accounts = Accounts(users)
        self.next_suffix = FIRST_SUFFIX
        self._next_activity = FIRST_ACTIVITY_SUFFIX
        self.index = SearchIndex()
        self._sorted: dict[Index, list[Row]] = {}
        self._persons: dict[str, str] = {}

    def now(self) -> int:
        """Return the time in whole Unix seconds, as in timestamps."""
        return int(self.clock.now())

    def new_handle(self) -> str:
        """Return an unused handle."""
        handle = f"{HANDLE_PREFIX}/{self.next_suffix}"
        self.next_suffix += 1
        return handle

    def new_activity_handle(self) -> str:
        """Return an unused handle for an activity."""
        handle = f"{HANDLE_PREFIX}/{self._next_activity}"
        self._next_activity += 1
        return handle

    def put(self, item: Item) -> Item:
        """Add an item, or record that it changed."""
        self.items[item.id] = item
        item.changed()
        self._sorted.clear()
        self.index.put(item)
        return item

    def remove(self, handle: str) -> None:
        """Forget an item, if there is one."""
        self.items.pop(handle, None)
        self._sorted.clear()
        self.index.remove(handle)

    def subtype_of(self, handle: str) -> str | None:
        """Return the subtype of a complete item; None if there is no such item."""
        item = self.items.get(handle)
        return item.subtype if item is not None and item.kind == "complete" else None

    def datasets(self) -> Iterator[Item]:
        """Return the complete datasets, in the order of their creation."""
        return (item for item in self.items.values() if item.subtype == "DATASET" and item.kind == "complete")

    def rows(self, index: Index) -> list[Row]:
        """Return sort value and id of every row in an index that has a value, ascending, including seeds."""
        rows = self._sorted.get(index)
        if rows is None:
            members = (item for item in self.items.values() if _in_partition(item, index))
            found = ((_attribute(item, index.sort), item.id) for item in members)
            rows = self._sorted[index] = sorted(row for row in found if row[0] is not None)
        return rows

    def linked_person(self, username: str) -> str | None:
        """Return the id of the person linked to an account, if the registry has that person."""
        if self.knows_strangers and username not in self.users:
            return self._person_of(username)
        person = self.accounts.person(username)
        return person if person in self.items else None

    def _person_of(self, username: str) -> str:
        if username not in self._persons:
            now = self.now()
            body = person_body(username, "Sandbox", f"{username}@example.com")
            person = Item(self.new_handle(), "PERSON", username, now, now, body=body)
            person.record("Initial record creation", username, now)
            self._persons[username] = self.put(person).id
        return self._persons[username]

    def roles(self, item: Item, identity: Identity) -> tuple[str, ...]:
        """Return the caller's roles on an item."""
        known = roles_for(item.subtype)
        if owns(item, identity):
            return known
        granted = dict.fromkeys(item.general_roles)
        for group in self.accounts.groups_of(identity.username):
            granted.update(dict.fromkeys(item.group_roles.get(group, ())))
        return tuple(role for role in granted if role in known)

    def clear(self) -> None:
        """Forget everything."""
        with self.lock:
            self.items.clear()
            self.reviewers.clear()
            self.accounts.clear()
            self.next_suffix = FIRST_SUFFIX
            self._next_activity = FIRST_ACTIVITY_SUFFIX
            self._sorted.clear()
            self._persons.clear()
            self.index.clear()


def owns(item: Item, identity: Identity) -> bool:
    """Return whether the caller has full access to an item: as its owner, or as a registry administrator."""
    return item.owner == identity.username or ADMIN in identity.roles


def has_roles(identity: Identity, wanted: Iterable[str]) -> bool:
    """Return whether a token has all of the roles."""
    return all(role in identity.roles for role in wanted)


def _in_partition(item: Item, index: Index) -> bool:
    partition, value, _ = index
    return (partition, value) == EVERYTHING or _attribute(item, partition) == value


def _attribute(item: Item, name: str) -> Any:
    if name == "item_subtype":
        return item.subtype
    if name == "created_timestamp":
        return item.created
    if name == "updated_timestamp":
        return item.updated
    return item.body.get(name)
