"""Items of the registry, whatever their kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias

from attrs import evolve
from provena_api import models

from provena_sdk.display.text import alternatives, printable, quoted
from provena_sdk.display.times import moment
from provena_sdk.errors import InvalidArgument
from provena_sdk.operations import arguments, catalogue
from provena_sdk.operations.workflow import Workflow, call, handle_of
from provena_sdk.paging import Page, PageKey
from provena_sdk.views.tabular import TabularList
from provena_sdk.workflows.registry.listing import rows_for, sort

_MODELS: Final = {
    "DATASET": "ItemDataset",
    "DATASET_TEMPLATE": "ItemDatasetTemplate",
    "ORGANISATION": "ItemOrganisation",
    "PERSON": "ItemPerson",
}


@dataclass(frozen=True, slots=True, repr=False)
class RegistryItem:
    """An item of a kind without a class of its own, such as a model run.

    Attributes:
        id: The item's handle.
        kind: What it is, such as ``MODEL_RUN``.
        display_name: The item's name.
        owner_username: Who registered it.
        data: Everything that the registry holds about it, as JSON data.
    """

    id: str
    kind: str
    display_name: str
    owner_username: str
    data: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{printable(self.id, 60)}  {printable(self.kind, 40)}  {printable(self.display_name, 60)}"

    def __repr__(self) -> str:
        return f"<RegistryItem {self}>"


if TYPE_CHECKING:
    Item: TypeAlias = (
        models.ItemDataset
        | models.ItemDatasetTemplate
        | models.ItemOrganisation
        | models.ItemPerson
        | models.SeededItem
        | RegistryItem
    )
else:
    Item = object  # the union would import all these models
"""An item of any kind; a ``SeededItem`` is a handle whose item is not complete yet."""


class ItemList(TabularList[Item]):
    """Items of several kinds, as a list that prints as a table."""

    __slots__ = ()
    _columns: ClassVar = ("handle", "kind", "name", "owner", "registered", "updated")
    _words: ClassVar = ("kind",)
    _index: ClassVar = "handle"
    _types: ClassVar = {"registered": "time", "updated": "time"}

    def _rows(self) -> Sequence[Sequence[object]]:
        return list(map(_columns_of, self))


def _columns_of(item: Item) -> Sequence[object]:
    if isinstance(item, RegistryItem):
        times = [_moment(item.data.get(f"{event}_timestamp")) for event in ("created", "updated")]
        return item.id, item.kind, item.display_name, item.owner_username, *times
    name = None if isinstance(item, models.SeededItem) else item.display_name
    times = [moment(item.created_timestamp), moment(item.updated_timestamp)]
    return item.id, item.item_subtype.value, name, item.owner_username, *times


def _moment(timestamp: object) -> datetime | None:
    return moment(timestamp) if isinstance(timestamp, int | float) else None


def get(item_id: object) -> Workflow[Item]:
    """Fetch an item of any kind."""
    return (yield from fetch((yield from handle_of("id", item_id))))


def fetch(handle: str) -> Workflow[Item]:
    """Fetch an item of any kind by its bare handle."""
    return typed((yield from fetch_row(handle)))


def typed(row: dict[str, Any]) -> Item:
    """Return an item in the class of its kind; in :class:`RegistryItem` if it has none, or does not match it."""
    kind = str(row.get("item_subtype"))
    name = "SeededItem" if row.get("record_type") == "SEED_ITEM" else _MODELS.get(kind)
    if name is not None:
        try:
            typed: Item = getattr(models, name).from_dict(row)
        except (KeyError, TypeError, ValueError, AttributeError):
            pass  # the services cannot read such an item either
        else:
            return typed
    texts = [str(row.get(key) or "") for key in ("id", "display_name", "owner_username")]
    return RegistryItem(texts[0], kind, texts[1], texts[2], row)


def list_request(
    kind: object, *, sort_by: object = None, ascending: object = None, total_limit: int | None = None
) -> models.GeneralListRequest:
    """Build the request for listing all items, or all of one kind.

    Raises:
        InvalidArgument: The kind is unknown, or the registry cannot sort this way.
    """
    options = sort(sort_by, ascending)
    filters = None if kind is None else models.FilterOptions(item_subtype=_subtype(kind))
    return models.GeneralListRequest(filter_by=filters, sort_by=options, page_size=rows_for(total_limit))


def page(body: models.GeneralListRequest, key: PageKey | None) -> Workflow[Page[Item]]:
    """Fetch the page of a listing for a key; None is the first."""
    asked = evolve(body, pagination_key=key) if isinstance(key, models.PaginationKey) else body
    answer = yield from call(catalogue.registry.LIST_ITEMS(body=asked))
    return Page([typed(row) for row in answer.items], answer.pagination_key)


def fetch_row(handle: str) -> Workflow[dict[str, Any]]:
    """Fetch what the registry stores about an item."""
    return (yield from call(catalogue.registry.FETCH_ITEM.about(handle, id=handle))).item


def _subtype(kind: object) -> models.ItemSubType:
    text = arguments.text("kind", kind)
    subtype = models.ItemSubType(text.strip().upper().replace(" ", "_"))
    if not subtype.is_known:
        known = alternatives(each.lower() for each in models.ItemSubType)
        raise InvalidArgument("kind", f"must be {known}, not {quoted(text, 60)}.")
    return subtype
