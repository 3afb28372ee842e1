"""Workflows for groups of users."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import ClassVar

from provena_api import models

from provena_sdk.display.tables import TabularList
from provena_sdk.display.text import printable, quoted
from provena_sdk.errors import InvalidArgument, OperationRejected
from provena_sdk.operations import arguments, catalogue
from provena_sdk.operations.workflow import Workflow, call


class GroupList(TabularList["models.UserGroupMetadata"]):
    """Groups of users, as a list that prints as a table."""

    _columns: ClassVar = ("id", "name", "description")

    def _rows(self) -> list[tuple[object, ...]]:
        return [(group.id, group.display_name, group.description) for group in self]


class MemberList(TabularList["models.GroupUser"]):
    """The members of a group, as a list that prints as a table."""

    _columns: ClassVar = ("user", "name", "e-mail")

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


def find_group(argument: str, given: str) -> Workflow[models.UserGroupMetadata]:
    """Find a group by its id or its display name.

    Raises:
        InvalidArgument: There is no such group, or several have this name; the message lists similar ones.
    """
    arguments.text(argument, given)
    return match_group(argument, given, (yield from list_groups()))


def match_group(
    argument: str, given: str, groups: Sequence[models.UserGroupMetadata]
) -> models.UserGroupMetadata:
    """Choose the group with an id or, if there is none, the only one with a display name; case does not matter there.

    Raises:
        InvalidArgument: There is no such group, or several have this name; the message lists similar ones.

    Example:
        >>> coral = models.UserGroupMetadata(id="coral-team", display_name="Coral team", description="")
        >>> match_group("group", "coral team", [coral]).id
        'coral-team'
    """
    by_id = {group.id: group for group in groups}
    if given in by_id:
        return by_id[given]
    wanted = _folded(given)
    named = [group for group in groups if wanted in (_folded(group.display_name), _folded(group.id))]
    if len(named) == 1:
        return named[0]
    if named:
        raise InvalidArgument(
            argument,
            f"{len(named)} groups are called {quoted(given, 60)}.",
            hint=f"Pass an id: {_listed(named)}.",
        )
    close = _similar(wanted, groups)
    hint = f"Did you mean {_listed(close)}?" if close else "provena.groups.list() lists all groups."
    raise InvalidArgument(argument, f"there is no group {quoted(given, 60)}.", hint=hint)


def _similar(wanted: str, groups: Sequence[models.UserGroupMetadata]) -> list[models.UserGroupMetadata]:
    spelt = {_folded(name): group for group in groups for name in (group.display_name, group.id)}
    close = get_close_matches(wanted, spelt, n=3) or [name for name in spelt if wanted in name][:3]
    return list({spelt[name].id: spelt[name] for name in close}.values())


def _folded(name: str) -> str:
    return " ".join(name[:_LONGEST].casefold().split())


_LONGEST = 200


def _listed(groups: Sequence[models.UserGroupMetadata]) -> str:
    return " or ".join(
        f"'{printable(group.id, 60)}' ({printable(group.display_name, 60)})" for group in groups
    )


def _sorted(groups: Sequence[models.UserGroupMetadata]) -> GroupList:
    return GroupList(sorted(groups, key=lambda group: group.id))
