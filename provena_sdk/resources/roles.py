"""Your roles in a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transport.http import Transport
from provena_sdk.workflows.access import roles

if TYPE_CHECKING:
    from provena_sdk.workflows.access.roles import RoleReport, RoleRequest, RoleRequestList


@short_tracebacks
class Roles:
    """Your roles, and requests for more. Reached as ``provena.roles``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def report(self) -> RoleReport:
        """List the deployment's roles, and which of them you have.

        Returns:
            The roles; prints as a table.

        Raises:
            ConfigurationError: The deployment has no auth service.

        Example:
            >>> provena.roles.report().granted
            ('entity-registry-read', 'entity-registry-write')
        """
        return self._transport.run(roles.report())

    def request(self, *names: str, send_email: bool = True) -> RoleRequest | None:
        """Ask the administrators for roles, together with the roles of lower levels that you lack.

        Writing, for example, requires the read role as well. The request cannot be withdrawn, and you can make another
        one only when it is decided or five days old, so ask for all that you need at once. The service takes no reason.

        Args:
            names: The roles' names, such as ``"entity-registry-write"``.
            send_email: False to send the administrators no e-mail; they then see the request only in their list.

        Returns:
            The request as the service keeps it; None when it could not be found again.

        Raises:
            InvalidArgument: There is no such role, or you have all of them.
            OperationRejected: Another request of yours is pending.
            OutcomeUnknown: The service failed; see :meth:`pending`.

        Example:
            >>> provena.roles.request("entity-registry-admin")  # doctest: +SKIP
            <RoleRequest entity-registry-admin: request received, awaiting action>
        """
        return self._transport.run(roles.request(names, send_email=send_email))

    def pending(self) -> RoleRequestList:
        """List your requests that are not decided yet.

        Returns:
            The requests, newest first; prints as a table.

        Raises:
            ConfigurationError: The deployment has no auth service.

        Example:
            >>> list(provena.roles.pending())
            []
        """
        return self._transport.run(roles.pending())
