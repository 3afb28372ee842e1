# Written by scripts/twins.py; change the module in resources/ instead.
"""Groups of users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transport.http import AsyncTransport
from provena_sdk.workflows.access import groups

if TYPE_CHECKING:
    from provena_sdk.workflows.access.groups import GroupList, MemberList


@short_tracebacks
class AsyncGroups:
    """The groups that datasets are shared with. Reached as ``provena.groups``; administrators maintain them."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list(self) -> GroupList:
        """List all groups of the deployment.

        Returns:
            The groups, sorted by id; prints as a table.

        Raises:
            ConfigurationError: The deployment has no auth service.

        Example:
            >>> print(await provena.groups.list())
            id          name        description
            coral-team  Coral team  The coral-team
            empty-team  Empty team  The empty-team
        """
        return await self._transport.run(groups.list_groups())

    async def mine(self) -> GroupList:
        """List the groups that you are in.

        Returns:
            The groups, sorted by id; prints as a table.

        Raises:
            ConfigurationError: The deployment has no auth service.

        Example:
            >>> list(await provena.groups.mine())
            []
        """
        return await self._transport.run(groups.own_groups())

    async def members(self, group: str) -> MemberList:
        """List the members of a group that you are in.

        Args:
            group: Id or name of the group.

        Returns:
            The members, sorted by user name; prints as a table.

        Raises:
            NameNotFound: No group has this id or name, or several have the name.
            OperationRejected: You are not a member; the service tells nobody else.
        """
        return await self._transport.run(groups.members(group))
