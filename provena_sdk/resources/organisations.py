"""Organisations."""

from __future__ import annotations

from collections.abc import Mapping

from provena_api import models

from provena_sdk.paging import Page, Results
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transport.http import Transport
from provena_sdk.views.item_lists import OrganisationList
from provena_sdk.views.tabular import TabularList
from provena_sdk.workflows.registry import agents, organisations
from provena_sdk.workflows.registry.naming import Matches


@short_tracebacks
class Organisations:
    """Institutions, publishers and the like in the registry. Reached as ``provena.organisations``.

    An argument that means one of them takes a handle, a whole name or a ROR.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def find(self, query: str) -> Matches[models.ItemOrganisation]:
        """Find organisations by name or identifier.

        The registry has no search of its own, so that this lists all organisations and compares them.

        Args:
            query: A name or part of one, a ROR or a handle. Case and accents do not matter.

        Returns:
            The matches, best first, which print as a table. ``one()`` returns the only one, or an error that lists
            them.

        Raises:
            InvalidArgument: The query is empty.
            RoleMissing: You lack the role ``entity-registry-read``.

        Example:
            >>> provena.organisations.find("coral sea").one().id
            '10378.1/1900001'
        """
        return self._transport.run(organisations.find(query))

    def get(self, organisation: str) -> models.ItemOrganisation:
        """Fetch an organisation.

        Args:
            organisation: The organisation.

        Returns:
            The item.

        Raises:
            NameNotFound: No organisation has this name.
            NameAmbiguous: Several have it; the error lists them.
            ItemNotFound: No organisation has this handle; the registry answers 200 with ``success`` false.

        Example:
            >>> provena.organisations.get("10378.1/1900001").name
            'Coral Sea Institute'
        """
        return self._transport.run(organisations.get(organisation))

    def list(
        self,
        *,
        sort_by: models.SortOptions | models.SortType | str | None = None,
        ascending: bool | None = None,
        total_limit: int | None = None,
    ) -> TabularList[models.ItemOrganisation]:
        """Fetch all organisations.

        Args:
            sort_by: ``UPDATED_TIME``, which is the default, ``CREATED_TIME`` or ``DISPLAY_NAME``.
            ascending: True for the smallest or oldest first.
            total_limit: Most organisations to return; None for all.

        Returns:
            The organisations, as a list that prints as a table; also ``.to_pandas()``.

        Raises:
            InvalidArgument: The limit is negative, or the registry cannot sort this way.
            RoleMissing: You lack the role ``entity-registry-read``.

        Example:
            >>> len(provena.organisations.list(total_limit=2))
            2
        """
        return self.for_all(sort_by=sort_by, ascending=ascending, total_limit=total_limit).all()

    def for_all(
        self,
        *,
        sort_by: models.SortOptions | models.SortType | str | None = None,
        ascending: bool | None = None,
        total_limit: int | None = None,
    ) -> Results[models.ItemOrganisation]:
        """Iterate over all organisations, fetching the next page while you work on this one.

        Args:
            sort_by: ``UPDATED_TIME``, which is the default, ``CREATED_TIME`` or ``DISPLAY_NAME``.
            ascending: True for the smallest or oldest first.
            total_limit: Most organisations to return; None for all.

        Returns:
            An iterator that shows its first rows; also ``.first()``, ``.head()``, ``.pages()``, ``.all()`` and
            ``.to_pandas()``.

        Raises:
            InvalidArgument: The limit is negative, or the registry cannot sort this way.

        Example:
            >>> "10378.1/1900001" in [organisation.id for organisation in provena.organisations.for_all()]
            True
        """
        body = agents.list_request(sort_by=sort_by, ascending=ascending, total_limit=total_limit)

        def fetch(key: object | None) -> Page[models.ItemOrganisation]:
            return self._transport.run(agents.organisations_page(body, key))

        return Results(fetch, self._transport.submit, total_limit=total_limit, kind=OrganisationList)

    def create(
        self,
        *,
        name: str,
        ror: str | None = None,
        display_name: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
    ) -> models.ItemOrganisation:
        """Register an organisation. The registry takes the same one twice: look with :meth:`find` first.

        Args:
            name: The full name.
            ror: The organisation's ROR, bare or as a URL.
            display_name: The name to show; the full name if None.
            user_metadata: Further keys and values of your choice.

        Returns:
            The organisation, owned by you.

        Raises:
            InvalidArgument: An argument is empty or malformed.
            RoleMissing: You lack the role ``entity-registry-write``.
            OutcomeUnknown: The registry failed; the organisation may exist nevertheless.

        Example:
            >>> provena.organisations.create(name="Kelp Lab", ror="03qn8fb07").ror
            'https://ror.org/03qn8fb07'
        """
        return self._transport.run(
            organisations.create(name=name, ror=ror, display_name=display_name, user_metadata=user_metadata)
        )

    def update(
        self,
        organisation: str | models.ItemOrganisation,
        reason: str,
        *,
        name: str | None = None,
        ror: str | None = None,
        display_name: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
    ) -> models.UpdateResponse:
        """Change an organisation. The registry replaces all of it, so that this fetches it first.

        A change that somebody else makes between the two is lost. To remove a value, fetch the organisation, set it to
        None and pass the item.

        Args:
            organisation: The organisation, or the item as it should be.
            reason: Why, for the history; must not be empty.
            name: The full name; None leaves it as it is, as for all of these.
            ror: ROR, bare or as a URL.
            display_name: The name to show.
            user_metadata: Further keys and values, which replace all there are.

        Returns:
            The service's message.

        Raises:
            InvalidArgument: An argument is empty or malformed.
            NameNotFound: No organisation has this name.
            NameAmbiguous: Several have it; the error lists them.
            ItemAccessDenied: The organisation belongs to somebody else.
            OutcomeUnknown: The registry failed; the change may have been made nevertheless.

        Example:
            >>> lab = provena.organisations.create(name="Seagrass Lab")
            >>> provena.organisations.update(lab, "registered at ROR", ror="03qn8fb07").status.success
            True
        """
        return self._transport.run(
            organisations.update(
                organisation,
                reason,
                name=name,
                ror=ror,
                display_name=display_name,
                user_metadata=user_metadata,
            )
        )
