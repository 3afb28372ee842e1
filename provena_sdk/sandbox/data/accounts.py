"""What the auth service knows: the linked person of each account, groups, and requests for roles."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from provena_sdk.sandbox.data.users import User

REQUEST_SECONDS: Final = 30 * 24 * 3600
_AWAITING_ACTION: Final = "request received, awaiting action"


@dataclass(frozen=True, slots=True)
class Group:
    """A group of users.

    Args:
        id: The key of the group in access settings.
        display_name: Its name.
        description: What it is for.
    """

    id: str
    display_name: str
    description: str

    def document(self) -> dict[str, Any]:
        """Return the group as in an answer, without its members."""
        return {
            "id": self.id,
            "display_name": self.display_name,
            "description": self.description,
            "default_data_store_access": None,
        }


# Besides the groups that users are in.
EMPTY_GROUP: Final = "empty-team"


@dataclass(frozen=True, slots=True)
class RoleRequest:
    """A user's request for other roles.

    Args:
        username: The user.
        email: The user's address, or the user name.
        requested: Time of the request, in whole Unix seconds; also its id.
        difference: The part of the report that differs from the user's roles.
        complete: The report that was sent.
    """

    username: str
    email: str
    requested: int
    difference: dict[str, Any]
    complete: dict[str, Any]

    def document(self) -> dict[str, Any]:
        """Return the request as in an answer."""
        return {
            "username": self.username,
            "request_id": self.requested,
            "expiry": self.requested + REQUEST_SECONDS,
            "email": self.email,
            "created_timestamp": self.requested,
            "updated_timestamp": self.requested,
            "status": "PENDING_APPROVAL",
            "ui_friendly_status": _AWAITING_ACTION,
            "request_diff_contents": json.dumps(self.difference),
            "complete_contents": json.dumps(self.complete),
            "notes": "",
        }


class Accounts:
    """Links, groups and requests of one deployment.

    Args:
        users: The accounts, by name; each says its groups and the person it is linked to at first.
    """

    def __init__(self, users: Mapping[str, User]) -> None:
        self.users = users
        self.requests: list[RoleRequest] = []
        self._links: dict[str, str | None] = {}

    def person(self, username: str) -> str | None:
        """Return the id of the person that an account is linked to."""
        if username in self._links:
            return self._links[username]
        user = self.users.get(username)
        return None if user is None else user.person

    def link(self, username: str, person: str | None) -> None:
        """Link an account to a person; None ends the link."""
        self._links[username] = person

    def groups(self) -> list[Group]:
        """Return the groups: those that users are in, and an empty one."""
        ids = {EMPTY_GROUP}.union(*(user.groups for user in self.users.values()))
        return [Group(one, one.replace("-", " ").capitalize(), f"The {one}") for one in sorted(ids)]

    def groups_of(self, username: str) -> frozenset[str]:
        """Return the ids of an account's groups."""
        user = self.users.get(username)
        return frozenset() if user is None else user.groups

    def members(self, group: str) -> Iterable[User]:
        """Return the users in a group."""
        return (user for user in self.users.values() if group in user.groups)

    def clear(self) -> None:
        """Return to the first links, without requests."""
        self.requests.clear()
        self._links.clear()
