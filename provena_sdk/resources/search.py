"""The search service."""

from __future__ import annotations

from provena_api.models import HealthCheckResponse, QueryResults

from provena_sdk.operations.access import AccessLevel, UserAccess
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transport.http import Transport
from provena_sdk.workflows import search


@short_tracebacks
class Search:
    """Full-text search over everything that is registered. Reached as ``provena.search``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get_health_check(self) -> HealthCheckResponse:
        """Ask whether the search service is up; needs no sign-in.

        Returns:
            The service's message.

        Raises:
            ProvenaError: It is down or cannot be reached.

        Example:
            >>> provena.search.get_health_check().message
            'Health check successful.'
        """
        return self._transport.run(search.health_check())

    def check_access(self, level: AccessLevel = "general") -> UserAccess:
        """Ask whether the signed-in user has a level of access to the search service.

        The search service looks at the system administration roles for ``read``, ``write`` and ``admin``.

        Args:
            level: ``general``, ``read``, ``write`` or ``admin``.

        Returns:
            The user's name, address and roles.

        Raises:
            InvalidArgument: The level is unknown.
            RoleMissing: The user lacks the role.

        Example:
            >>> provena.search.check_access("general").username
            'writer'
        """
        return self._transport.run(search.check_access(level))

    def search_registry(
        self, query: str, limit: int = search.DEFAULT_SEARCH_LIMIT, subtype_filter: str | None = None
    ) -> QueryResults:
        """Search items of every kind, or of one.

        Permissions are not checked: you may not be able to read a hit.

        Args:
            query: What to look for.
            limit: Hits at most, between 1 and 50; the service returns no more than 50.
            subtype_filter: A kind of item, such as ``DATASET`` or ``PERSON``; None searches all.

        Returns:
            Ids and scores, best first.

        Raises:
            InvalidArgument: The query is empty, the limit out of range or the kind unknown.
            RoleMissing: The user lacks the role ``entity-registry-read``.

        Example:
            >>> [hit.id for hit in provena.search.search_registry("alpha", subtype_filter="DATASET").results]
            ['10378.1/1900011']
        """
        return self._transport.run(search.search_registry(query, limit, subtype_filter))
