"""What an interactive dataset knows about itself: the properties of both clients."""

from __future__ import annotations

import copy
import webbrowser
from html import escape
from typing import TYPE_CHECKING, ClassVar, Final, NoReturn, Self

from provena_api.models import CollectionFormat, RegistryFetchResponse, ReleasedStatus

from provena_sdk import workflows
from provena_sdk.auth.prompts.environment import has_browser
from provena_sdk.config import Deployment
from provena_sdk.display.text import printable
from provena_sdk.errors import NotFetched, ProvenaError
from provena_sdk.resources.interactive.cache import DatasetCache
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transport.http import AsyncTransport, Transport
from provena_sdk.workflows import datastore

if TYPE_CHECKING:
    from provena_sdk.coverage.extent import Extent
    from provena_sdk.coverage.period import Period
    from provena_sdk.views.card import Card
    from provena_sdk.views.history import History, UserName
    from provena_sdk.views.versions import DatasetVersions
    from provena_sdk.workflows.details import NamesOf
    from provena_sdk.workflows.registry.names import PersonName

_EDITING: Final = frozenset(("metadata-write", "admin"))
_FILES: Final = ("ds.list_files()", 'ds.download_all_files("data/")')
_AWAITED_FILES: Final = tuple(f"await {call}" for call in _FILES)
_HISTORY: Final = "ds.history"
_EDIT: Final = 'with ds.edit("why") as metadata: ...'


@short_tracebacks
class DatasetProperties(DatasetCache):
    """The properties of a dataset, of what was last fetched.

    Attributes:
        dataset_id: The dataset's handle.
    """

    _deployment: Deployment
    _readers_calls: ClassVar[tuple[str, ...]] = (*_FILES, _HISTORY)
    _editors_calls: ClassVar[tuple[str, ...]] = (*_FILES, _EDIT)

    def _fetched(self) -> RegistryFetchResponse:
        raise NotImplementedError

    def _fetched_names(self) -> NamesOf:
        raise NotImplementedError

    def _fetched_versions(self) -> DatasetVersions:
        raise NotImplementedError

    @property
    def name(self) -> str:
        """Its name.

        Example:
            >>> provena.datastore.interactive_dataset("10378.1/1900011").name
            'Alpha reef survey'
        """
        return self._fetched().item.display_name

    @property
    def description(self) -> str:
        """Its description."""
        return self._fetched().item.collection_format.dataset_info.description

    @property
    def metadata(self) -> CollectionFormat:
        """A copy of its metadata; :meth:`edit` and :meth:`set` change them."""
        return copy.deepcopy(self._fetched().item.collection_format)

    @property
    def keywords(self) -> list[str]:
        """Its keywords.

        Example:
            >>> provena.datastore.interactive_dataset("10378.1/1900011").keywords
            []
        """
        return list(self._fetched().item.collection_format.dataset_info.keywords or ())

    @property
    def status(self) -> ReleasedStatus:
        """Whether it is released: ``NOT_RELEASED``, ``PENDING`` or ``RELEASED``; ``release.status()`` has the steps.

        Example:
            >>> provena.datastore.interactive_dataset("10378.1/1900011").status.value
            'NOT_RELEASED'
        """
        return self._fetched().item.release_status

    @property
    def locked(self) -> bool:
        """Whether it is locked against changes."""
        return self._fetched().locked

    @property
    def extent(self) -> Extent | None:
        """The area that its data cover: a map in a notebook. None if its metadata give none that can be read.

        Example:
            >>> print(provena.datastore.interactive_dataset("10378.1/1900011").extent)
            145°E to 155°E, 25°S to 10°S
        """
        from provena_sdk.coverage.described import place  # noqa: PLC0415  # keeps geometry away until it is asked for

        return place(self._fetched().item.collection_format)

    @property
    def period(self) -> Period | None:
        """The time that its data cover. None if its metadata give none."""
        from provena_sdk.coverage.described import period  # noqa: PLC0415  # keeps geometry away until it is asked for

        return period(self._fetched().item.collection_format)

    @property
    def url(self) -> str:
        """URL of its page in the registry, for people who sign in there.

        Example:
            >>> provena.datastore.interactive_dataset("10378.1/1900011").url
            'https://registry.localhost/item/10378.1/1900011'
        """
        return self._deployment.item_page(self.dataset_id)

    def browse(self) -> str:
        """Open its page in a browser, if this machine has one.

        Returns:
            The page's URL.
        """
        if has_browser():
            webbrowser.open(self.url)
        return self.url

    @property
    def owner(self) -> UserName:
        """Its owner: user name, and the name of the Person that the account is linked to.

        Example:
            >>> print(provena.datastore.interactive_dataset("10378.1/1900011").owner)
            Wren Castellanos (writer)
        """
        username = self._fetched().item.owner_username
        return self._fetched_names().user(username)

    @property
    def custodian(self) -> PersonName | None:
        """The Person who looks after it; None if the metadata names nobody."""
        person = self._fetched().item.collection_format.associations.data_custodian_id
        return self._fetched_names().person(person)

    @property
    def reviewer(self) -> PersonName | None:
        """The reviewer who was asked last to release it; None if nobody was."""
        person = self._fetched().item.release_approver
        return self._fetched_names().person(person)

    @property
    def organisation(self) -> str:
        """Name of the organisation that it belongs to; its handle if the name cannot be found out.

        Example:
            >>> provena.datastore.interactive_dataset("10378.1/1900011").organisation
            'Coral Sea Institute'
        """
        organisation = self._fetched().item.collection_format.associations.organisation_id
        return self._fetched_names().organisation(organisation)

    @property
    def publisher(self) -> str:
        """Name of the organisation that publishes it; its handle if the name cannot be found out."""
        publisher = self._fetched().item.collection_format.dataset_info.publisher_id
        return self._fetched_names().organisation(publisher)

    @property
    def history(self) -> History:
        """All states of its metadata, newest first: who changed what, when and why. It prints as a table.

        Example:
            >>> [state.reason for state in provena.datastore.interactive_dataset("10378.1/1900011").history]
            ['Initial record creation']
        """
        item = self._fetched().item
        return self._fetched_names().history(item)

    @property
    def versions(self) -> DatasetVersions:
        """All versions of it, oldest first. It prints as a table.

        Example:
            >>> [version.id for version in provena.datastore.interactive_dataset("10378.1/1900011").versions]
            ['10378.1/1900011']
        """
        return self._fetched_versions()

    def __str__(self) -> str:
        try:
            return str(self._card())
        except ProvenaError as error:
            return f"{self!r}\n{error}"

    def _repr_html_(self) -> str:
        try:
            return self._card()._repr_html_()
        except ProvenaError as error:
            return f"<p>{escape(repr(self))}</p><p>{escape(str(error))}</p>"

    def _card(self) -> Card:
        from provena_sdk.views.dataset_card import dataset_card  # noqa: PLC0415  # keeps drawing away until it is asked for

        answer = self._fetched()
        files, size = self._amount or (None, None)
        return dataset_card(
            answer.item,
            locked=answer.locked,
            roles=answer.roles,
            owner_name=self.owner.name,
            organisation_name=self.organisation,
            url=self.url,
            files=files,
            size=size,
            calls=self._editors_calls if _EDITING.intersection(answer.roles) else self._readers_calls,
        )


@short_tracebacks
class DatasetItem(DatasetProperties):
    """The properties of the sync client, which fetches what it does not have."""

    _transport: Transport

    def refresh(self) -> Self:
        """Fetch it again, so that its properties are those of now.

        The properties come from what was fetched last. Changes that are made through this object are noticed, others
        are not.

        Returns:
            The dataset itself.

        Raises:
            DatasetNotFound: The dataset does not exist.
            DatasetAccessDenied: It is private to others.

        Example:
            >>> provena.datastore.interactive_dataset("10378.1/1900011").refresh().name
            'Alpha reef survey'
        """
        self._amount = None
        self._keep(self._transport.run(datastore.fetch_dataset("dataset_id", self.dataset_id)))
        return self

    def _keep(self, answer: RegistryFetchResponse) -> RegistryFetchResponse:
        self._named = self._versions = None
        return super()._keep(answer)

    def _fetched(self) -> RegistryFetchResponse:
        return self._answer or self._keep(
            self._transport.run(datastore.fetch_dataset("dataset_id", self.dataset_id))
        )

    def _fetched_names(self) -> NamesOf:
        answer, named = self._fetched(), self._named
        if named is None:
            named = self._named = self._transport.run(workflows.details.names_in(answer.item, self._names))
        return named

    def _fetched_versions(self) -> DatasetVersions:
        answer, found = self._fetched(), self._versions
        if found is None:
            found = self._versions = self._transport.run(workflows.versions.versions_of(answer.item))
        return found


@short_tracebacks
class AsyncDatasetItem(DatasetProperties):
    """The properties of the async client, which have to be fetched first."""

    _transport: AsyncTransport
    _readers_calls = (*_AWAITED_FILES, _HISTORY)
    _editors_calls = (*_AWAITED_FILES, f"async {_EDIT}")

    async def refresh(self) -> Self:
        """Fetch it again, so that its properties are those of now.

        The properties come from what was fetched last. Changes that are made through this object are noticed, others
        are not.

        Returns:
            The dataset itself.

        Raises:
            DatasetNotFound: The dataset does not exist.
            DatasetAccessDenied: It is private to others.

        Example:
            >>> reef = await provena.datastore.interactive_dataset("10378.1/1900011").refresh()
            >>> reef.name
            'Alpha reef survey'
        """
        self._amount = None
        found = await self._transport.run(workflows.details.details(self.dataset_id, self._names))
        self._keep(found.answer)
        self._named, self._versions = found.names, found.versions
        return self

    def _fetched(self) -> RegistryFetchResponse:
        return self._answer or self._refuse()

    def _fetched_names(self) -> NamesOf:
        # What was fetched since the last refresh has the names known then.
        return self._named or workflows.details.NamesOf()

    def _fetched_versions(self) -> DatasetVersions:
        self._fetched()
        return self._refuse() if self._versions is None else self._versions

    def _refuse(self) -> NoReturn:
        raise NotFetched(
            f"Dataset {printable(self.dataset_id)} has not been fetched yet, or has been changed since.",
            hint="Write: await ds.refresh()",
        )
