"""Workflows for groups of users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from provena_api import models

from provena_sdk.errors import OperationRejected
from provena_sdk.operations import catalogue
from provena_sdk.operations.workflow import Workflow, call
from provena_sdk.views.tabular import TabularList
from provena_sdk.workflows.registry.naming import Kind, find


class GroupList(TabularList["models.UserGroupMetadata"]):
    """Groups of users, as a list that prints as a table."""

    __slots__ = ()
    noun: ClassVar = ("group", "groups")
    _columns: ClassVar = ("id", "name", "description")
    _index: ClassVar = "id"

    def _rows(self) -> list[tuple[object, ...]]:
        return [(group.id, group.display_name, group.description) for group in self]


class MemberList(TabularList["models.GroupUser"]):
    """The members of a group, as a list that prints as a table."""

    __slots__ = ()
    noun: ClassVar = ("member", "members")
    _columns: ClassVar = ("user", "name", "e-mail")
    _index: ClassVar = "user"

    def _rows(self) -> list[tuple[object, ...]]:
        return [
            (user.username, " ".join(filter(None, (user.first_name, user.last_name))), user.email)
            for user in self
        ]


def list_groups() -> Workflow[GroupList]:
    """Fetch all groups of the deployment, sorted by id."""
    answer = yield from call(catalogue.auth.LIST_GROUPS())
    return _sorted(answer.groups)


def own_groups() -> Workflow[GroupList]:
    """Fetch the groups that the user is in, sorted by id."""
    answer = yield from call(catalogue.auth.LIST_OWN_GROUPS())
    return _sorted(answer.groups)


def members(group: str) -> Workflow[MemberList]:
    """Fetch a group's members, sorted by user name."""
    found = yield from find_group("group", group)
    try:
        answer = yield from call(catalogue.auth.LIST_MEMBERS(id=found.id))
    except OperationRejected as error:
        error.hint = "Only members of a group can list its members; provena.groups.mine() lists your groups."
        raise
    return MemberList(sorted(answer.group.users, key=lambda user: user.username))


def _names(group: models.UserGroupMetadata) -> Sequence[str | None]:
    return (group.display_name,)


def _identifiers(_group: models.UserGroupMetadata) -> Sequence[str | None]:
    return ()


GROUP: Final[Kind[models.UserGroupMetadata]] = Kind(
    "group", "groups", list_groups, _names, _identifiers, "provena.groups.list() lists all groups."
)
"""What an argument means that names a group."""


def find_group(argument: str, given: str) -> Workflow[models.UserGroupMetadata]:
    """Find a group by its id or its whole display name.

    Raises:
        NameNotFound: There is no such group.
        NameAmbiguous: Several have this name; the message lists them.
    """
    return (yield from find(GROUP, argument, given)).whole(argument)


def _sorted(groups: Sequence[models.UserGroupMetadata]) -> GroupList:
    return GroupList(sorted(groups, key=lambda group: group.id))
