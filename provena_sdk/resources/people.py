"""Persons, and the one that your account is linked to."""

from __future__ import annotations

from collections.abc import Mapping

from provena_api import models

from provena_sdk.paging import Page, Results
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transport.http import Transport
from provena_sdk.views.item_lists import PersonList
from provena_sdk.views.tabular import TabularList
from provena_sdk.workflows.registry import agents, people
from provena_sdk.workflows.registry.naming import Matches


@short_tracebacks
class People:
    """Persons in the registry, and the link between your account and one of them. Reached as ``provena.people``.

    An argument that means a person takes a handle, a whole name, an e-mail address or an ORCID.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def me(self) -> models.ItemPerson | None:
        """Fetch the person that your account is linked to.

        Returns:
            The person; None if your account is not linked to one, see :meth:`link_me`.

        Raises:
            RoleMissing: You lack the role ``entity-registry-read``.

        Example:
            >>> provena.people.me().id
            '10378.1/1900003'
        """
        return self._transport.run(people.me())

    def find(self, query: str) -> Matches[models.ItemPerson]:
        """Find persons by name or identifier.

        The registry has no search of its own, so that this lists all persons and compares them.

        Args:
            query: A name or part of one, an e-mail address, an ORCID or a handle. Case and accents do not matter.

        Returns:
            The matches, best first, which print as a table. ``one()`` returns the only one, or an error that lists
            them.

        Raises:
            InvalidArgument: The query is empty.
            RoleMissing: You lack the role ``entity-registry-read``.

        Example:
            >>> provena.people.find("writer@example.com").one().id
            '10378.1/1900003'
        """
        return self._transport.run(people.find(query))

    def get(self, person: str) -> models.ItemPerson:
        """Fetch a person.

        Args:
            person: The person.

        Returns:
            The item.

        Raises:
            NameNotFound: No person has this name.
            NameAmbiguous: Several have it; the error lists them.
            ItemNotFound: No person has this handle; the registry answers 200 with ``success`` false.

        Example:
            >>> provena.people.get("10378.1/1900003").email
            'writer@example.com'
        """
        return self._transport.run(people.get(person))

    def list(
        self,
        *,
        sort_by: models.SortOptions | models.SortType | str | None = None,
        ascending: bool | None = None,
        total_limit: int | None = None,
    ) -> TabularList[models.ItemPerson]:
        """Fetch all persons.

        Args:
            sort_by: ``UPDATED_TIME``, which is the default, ``CREATED_TIME`` or ``DISPLAY_NAME``.
            ascending: True for the smallest or oldest first.
            total_limit: Most persons to return; None for all.

        Returns:
            The persons, as a list that prints as a table; also ``.to_pandas()``.

        Raises:
            InvalidArgument: The limit is negative, or the registry cannot sort this way.
            RoleMissing: You lack the role ``entity-registry-read``.

        Example:
            >>> len(provena.people.list(total_limit=2))
            2
        """
        return self.for_all(sort_by=sort_by, ascending=ascending, total_limit=total_limit).all()

    def for_all(
        self,
        *,
        sort_by: models.SortOptions | models.SortType | str | None = None,
        ascending: bool | None = None,
        total_limit: int | None = None,
    ) -> Results[models.ItemPerson]:
        """Iterate over all persons, fetching the next page while you work on this one.

        Args:
            sort_by: ``UPDATED_TIME``, which is the default, ``CREATED_TIME`` or ``DISPLAY_NAME``.
            ascending: True for the smallest or oldest first.
            total_limit: Most persons to return; None for all.

        Returns:
            An iterator that shows its first rows; also ``.first()``, ``.head()``, ``.pages()``, ``.all()`` and
            ``.to_pandas()``.

        Raises:
            InvalidArgument: The limit is negative, or the registry cannot sort this way.

        Example:
            >>> "10378.1/1900003" in [person.id for person in provena.people.for_all()]
            True
        """
        body = agents.list_request(sort_by=sort_by, ascending=ascending, total_limit=total_limit)

        def fetch(key: object | None) -> Page[models.ItemPerson]:
            return self._transport.run(agents.people_page(body, key))

        return Results(fetch, self._transport.submit, total_limit=total_limit, kind=PersonList)

    def create(
        self,
        *,
        first_name: str,
        last_name: str,
        email: str,
        ethics_approved: bool,
        orcid: str | None = None,
        display_name: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
    ) -> models.ItemPerson:
        """Register a person. The registry takes the same person twice: look with :meth:`find` first.

        Args:
            first_name: First name.
            last_name: Last name.
            email: E-mail address.
            ethics_approved: True states that the person consents to be registered; the registry takes no others.
            orcid: The person's ORCID, bare or as a URL.
            display_name: The name to show; first and last name if None.
            user_metadata: Further keys and values of your choice.

        Returns:
            The person, owned by you.

        Raises:
            InvalidArgument: An argument is empty or malformed, or ``ethics_approved`` is False.
            ValidationFailed: The e-mail address is malformed.
            RoleMissing: You lack the role ``entity-registry-write``.
            OutcomeUnknown: The registry failed; the person may exist nevertheless.

        Example:
            >>> names = {"first_name": "Ada", "last_name": "Diver"}
            >>> provena.people.create(**names, email="ada@example.com", ethics_approved=True).display_name
            'Ada Diver'
        """
        return self._transport.run(
            people.create(
                first_name=first_name,
                last_name=last_name,
                email=email,
                ethics_approved=ethics_approved,
                orcid=orcid,
                display_name=display_name,
                user_metadata=user_metadata,
            )
        )

    def update(
        self,
        person: str | models.ItemPerson,
        reason: str,
        *,
        first_name: str | None = None,
        last_name: str | None = None,
        email: str | None = None,
        orcid: str | None = None,
        display_name: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
    ) -> models.UpdateResponse:
        """Change a person. The registry replaces the whole person, so that this fetches it first.

        A change that somebody else makes between the two is lost. To remove a value, fetch the person, set it to None
        and pass the item.

        Args:
            person: The person, or the item as it should be.
            reason: Why, for the history; must not be empty.
            first_name: First name; None leaves it as it is, as for all of these.
            last_name: Last name. The name to show does not change with it.
            email: E-mail address.
            orcid: ORCID, bare or as a URL.
            display_name: The name to show.
            user_metadata: Further keys and values, which replace all there are.

        Returns:
            The service's message.

        Raises:
            InvalidArgument: An argument is empty or malformed.
            NameNotFound: No person has this name.
            NameAmbiguous: Several have it; the error lists them.
            ItemAccessDenied: The person belongs to somebody else.
            OutcomeUnknown: The registry failed; the change may have been made nevertheless.

        Example:
            >>> provena.people.update("Wren Castellanos", "typo", last_name="Castellanos").status.success
            True
        """
        return self._transport.run(
            people.update(
                person,
                reason,
                first_name=first_name,
                last_name=last_name,
                email=email,
                orcid=orcid,
                display_name=display_name,
                user_metadata=user_metadata,
            )
        )

    def link(self, person: str | models.ItemPerson) -> models.ItemPerson:
        """Link your account to a person that you registered. Only an administrator can undo it.

        Linking to the same person again does no harm.

        Args:
            person: The person.

        Returns:
            The person that your account is linked to now.

        Raises:
            NameNotFound: No person has this name.
            NameAmbiguous: Several have it; the error lists them.
            LinkFailed: Your account is linked to another person.
            ItemAccessDenied: The person belongs to somebody else.

        Example:
            >>> provena.people.link("10378.1/1900003").email
            'writer@example.com'
        """
        return self._transport.run(people.link(person))

    def link_me(
        self,
        *,
        first_name: str,
        last_name: str,
        ethics_approved: bool,
        email: str | None = None,
        orcid: str | None = None,
        display_name: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
    ) -> models.ItemPerson:
        """Register yourself as a person, and link your account to it, which registering datasets requires.

        Calling this again does no harm: an account that is linked stays so, and a person of yours with this e-mail
        address or ORCID is linked, not created again. Only an administrator can undo the link.

        Args:
            first_name: Your first name.
            last_name: Your last name.
            ethics_approved: True states that you consent to be registered; the registry takes no others.
            email: Your e-mail address; your account's if None.
            orcid: Your ORCID, bare or as a URL.
            display_name: The name to show; first and last name if None.
            user_metadata: Further keys and values of your choice.

        Returns:
            The person that your account is linked to now, unchanged if it was linked before.

        Raises:
            InvalidArgument: An argument is empty or malformed, or ``ethics_approved`` is False.
            LinkFailed: The person was created, but could not be linked; or somebody else registered it.
            RoleMissing: You lack the role ``entity-registry-write``.
            OutcomeUnknown: The registry failed; call again: it links the person if it was created.

        Example:
            >>> provena.people.link_me(first_name="Ada", last_name="Diver", ethics_approved=True).id
            '10378.1/1900003'
        """
        return self._transport.run(
            people.link_me(
                first_name=first_name,
                last_name=last_name,
                email=email,
                ethics_approved=ethics_approved,
                orcid=orcid,
                display_name=display_name,
                user_metadata=user_metadata,
            )
        )
