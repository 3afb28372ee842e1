# Written by scripts/twins.py; change the module in resources/ instead.
"""Items of every kind."""

from __future__ import annotations

from collections.abc import Iterable

from provena_api import models

from provena_sdk.paging import AsyncResults, Page
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transport.http import AsyncTransport
from provena_sdk.views.tabular import TabularList
from provena_sdk.workflows.registry import items, names
from provena_sdk.workflows.registry.items import Item, ItemList
from provena_sdk.workflows.registry.items import (
    RegistryItem as RegistryItem,  # what evaluates annotations needs it
)


@short_tracebacks
class AsyncRegistry:
    """Everything that is registered: datasets, persons, organisations, templates, model runs and more.

    Reached as ``provena.registry``.
    """

    def __init__(self, transport: AsyncTransport, names: dict[str, str]) -> None:
        self._transport = transport
        self._names = names

    async def get(self, id: str) -> Item:
        """Fetch an item of any kind.

        Args:
            id: Handle of the item.

        Returns:
            An ``ItemDataset``, ``ItemPerson``, ``ItemOrganisation`` or ``ItemDatasetTemplate``; a ``SeededItem`` if it
            is not complete yet; a :class:`RegistryItem` for any other kind.

        Raises:
            InvalidArgument: ``id`` is not a handle.
            ItemNotFound: No item has this handle; the registry answers 200 with ``success`` false.
            ItemAccessDenied: It is private to others.

        Example:
            >>> (await provena.registry.get("10378.1/1900001")).display_name
            'Coral Sea Institute'
        """
        return await self._transport.run(items.get(id))

    async def list(
        self,
        kind: str | None = None,
        *,
        sort_by: models.SortOptions | models.SortType | str | None = None,
        ascending: bool | None = None,
        total_limit: int | None = None,
    ) -> TabularList[Item]:
        """Fetch all items, or all of one kind.

        Args:
            kind: A kind of item, such as ``"dataset"``, ``"person"`` or ``"model run"``; None for all.
            sort_by: ``UPDATED_TIME``, which is the default, ``CREATED_TIME`` or ``DISPLAY_NAME``.
            ascending: True for the smallest or oldest first.
            total_limit: Most items to return; None for all.

        Returns:
            The items, in the classes of :meth:`get`, as a list that prints as a table; also ``.to_pandas()``.

        Raises:
            InvalidArgument: The kind is unknown, the limit negative, or the registry cannot sort this way.
            RoleMissing: You lack the role ``entity-registry-read``.

        Example:
            >>> [type(item).__name__ for item in await provena.registry.list("organisation", total_limit=1)]
            ['ItemOrganisation']
        """
        return await self.for_all(kind, sort_by=sort_by, ascending=ascending, total_limit=total_limit).all()

    def for_all(
        self,
        kind: str | None = None,
        *,
        sort_by: models.SortOptions | models.SortType | str | None = None,
        ascending: bool | None = None,
        total_limit: int | None = None,
    ) -> AsyncResults[Item]:
        """Iterate over all items, or all of one kind, fetching the next page while you work on this one.

        Args:
            kind: A kind of item, such as ``"dataset"``, ``"person"`` or ``"model run"``; None for all.
            sort_by: ``UPDATED_TIME``, which is the default, ``CREATED_TIME`` or ``DISPLAY_NAME``.
            ascending: True for the smallest or oldest first.
            total_limit: Most items to return; None for all.

        Returns:
            An iterator over the items, in the classes of :meth:`get`, that shows its first rows; also ``.first()``,
            ``.head()``, ``.pages()``, ``.all()`` and ``.to_pandas()``.

        Raises:
            InvalidArgument: The kind is unknown, the limit negative, or the registry cannot sort this way.

        Example:
            >>> "Alpha reef survey" in [item.display_name async for item in provena.registry.for_all("dataset")]
            True
        """
        body = items.list_request(kind, sort_by=sort_by, ascending=ascending, total_limit=total_limit)

        async def fetch(key: object | None) -> Page[Item]:
            return await self._transport.run(items.page(body, key))

        return AsyncResults(fetch, self._transport.submit, total_limit=total_limit, kind=ItemList)

    async def names_of(self, ids: Iterable[str]) -> dict[str, str | None]:
        """Look up the names of items, many at a time. This client keeps them, and asks for each only once.

        Args:
            ids: Handles of the items.

        Returns:
            The name of each item by its handle, as you gave it; None where there is none to see: the item does not
            exist, is not complete yet, or is private to others.

        Raises:
            InvalidArgument: An id is not a handle.

        Example:
            >>> await provena.registry.names_of(["10378.1/1900001", "10378.1/1"])
            {'10378.1/1900001': 'Coral Sea Institute', '10378.1/1': None}
        """
        return await self._transport.run(names.names_of(ids, self._names))
