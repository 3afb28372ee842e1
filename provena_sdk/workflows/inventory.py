"""Take an inventory of datasets: one row each, with names instead of handles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import ClassVar, Final, Literal, TypeAlias

from provena_api.models import ItemDataset, NoFilterSubtypeListRequest

from provena_sdk.coverage.described import place
from provena_sdk.display.text import printable
from provena_sdk.display.times import moment
from provena_sdk.errors import ProvenaError
from provena_sdk.operations import arguments
from provena_sdk.operations.workflow import Workflow, gather
from provena_sdk.paging import UnreadableItem
from provena_sdk.views.tabular import TabularList
from provena_sdk.workflows import datastore
from provena_sdk.workflows.registry import people
from provena_sdk.workflows.registry.names import name_of

ColumnType: TypeAlias = Literal["text", "texts", "count", "number", "date", "time", "truth"]
"""The types of an inventory's columns; text and numbers may be missing."""

WITH_FILES: Final = 32
"""Rows per page when files are counted, which takes several requests for each dataset."""


@dataclass(frozen=True, slots=True, repr=False)
class InventoryRow:
    """A dataset in an inventory.

    Attributes:
        handle: The handle.
        name: The name.
        owner: The account of who registered it.
        owner_name: The owner's name; None if it is not known.
        organisation: Name of the organisation that records it; None if it is not known.
        publisher: Name of the organisation that publishes it; None if it is not known.
        status: ``NOT_RELEASED``, ``PENDING`` or ``RELEASED``.
        version: The number of this version.
        is_latest: Whether there is no later version.
        license: URL of the licence.
        keywords: The keywords.
        coverage: The area that the data cover, as extended well-known text.
        west: Its western edge, in degrees; greater than ``east`` across the date line.
        south: Its southern edge.
        east: Its eastern edge.
        north: Its northern edge.
        begin: The first day that the data cover.
        end: The last day that the data cover.
        registered: When it was registered.
        updated: When its metadata last changed.
        external: URL of the files, if they are kept elsewhere.
        files: The number of files; None if they were not counted.
        bytes: Their sizes together, in bytes.
        formats: The endings of their names, the most frequent first.
        failure: Why the files could not be counted; None if they were, or were not to be.
    """

    handle: str
    name: str
    owner: str
    owner_name: str | None
    organisation: str | None
    publisher: str | None
    status: str
    version: int | None
    is_latest: bool | None
    license: str
    keywords: tuple[str, ...]
    coverage: str | None
    west: float | None
    south: float | None
    east: float | None
    north: float | None
    begin: date | None
    end: date | None
    registered: datetime | None
    updated: datetime | None
    external: str | None
    files: int | None = None
    bytes: int | None = None
    formats: tuple[str, ...] = ()
    failure: str | None = None

    def __str__(self) -> str:
        return f"{printable(self.handle, 60)}  {printable(self.status, 20)}  {printable(self.name, 80)}"

    def __repr__(self) -> str:
        return f"<InventoryRow {self}>"

    def cells(self) -> tuple[object, ...]:
        """Return the values in the order of :data:`COLUMNS`."""
        return tuple(getattr(self, name) for name in COLUMNS)


COLUMNS: Final[Mapping[str, ColumnType]] = {
    **{one.name: "text" for one in fields(InventoryRow)},
    **dict.fromkeys(("version", "files", "bytes"), "count"),
    **dict.fromkeys(("west", "south", "east", "north"), "number"),
    **dict.fromkeys(("keywords", "formats"), "texts"),
    **dict.fromkeys(("begin", "end"), "date"),
    **dict.fromkeys(("registered", "updated"), "time"),
    "is_latest": "truth",
}
"""The columns of an inventory, in order."""


class InventoryList(TabularList[InventoryRow]):
    """Rows of an inventory, as a list that prints as a table."""

    __slots__ = ()
    noun: ClassVar = ("dataset", "datasets")
    _columns: ClassVar = tuple(COLUMNS)
    _shown: ClassVar = ("handle", "name", "owner_name", "organisation", "status", "files", "bytes", "failure")
    _words: ClassVar = ("status",)
    _index: ClassVar = "handle"
    _types: ClassVar = {name: kind for name, kind in COLUMNS.items() if kind in ("date", "time")}

    def _rows(self) -> Sequence[Sequence[object]]:
        return [row.cells() for row in self]


@dataclass(frozen=True, slots=True)
class KnownNames:
    """The names that an inventory has looked up, each once.

    Attributes:
        items: Names of organisations, by handle.
        accounts: Names of accounts' persons; None for one without a person.
    """

    items: dict[str, str]
    accounts: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InventoryPage:
    """A page of an inventory.

    Attributes:
        items: The datasets.
        rows: Their rows, in the same order.
        key: The key of the next page; None at the end.
        unreadable: The datasets that could not be read.
    """

    items: list[ItemDataset]
    rows: list[InventoryRow]
    key: object | None
    unreadable: Sequence[UnreadableItem] = ()


def request(
    *, files: object, total_limit: int | None, sort_by: object, ascending: bool | None
) -> NoFilterSubtypeListRequest:
    """Build the request for listing the datasets of an inventory.

    Raises:
        InvalidArgument: An argument is malformed, or the service cannot sort this way.
    """
    size = WITH_FILES if arguments.flag("files", files) else None
    return datastore.listing(None, total_limit, page_size=size, sort_by=sort_by, ascending=ascending)


def page(body: NoFilterSubtypeListRequest, key: object | None, names: KnownNames) -> Workflow[InventoryPage]:
    """Fetch the page of an inventory for a key; None is the first."""
    found = yield from datastore.list_page(body, key)
    yield from _look_up(found.items, names)
    return InventoryPage(
        found.items, [_row(item, names) for item in found.items], found.key, found.unreadable
    )


def failed(row: InventoryRow, error: ProvenaError) -> InventoryRow:
    """Return a row whose files could not be counted."""
    return replace(row, failure=f"{type(error).__name__}: {printable(error.message)}")


def _look_up(datasets: Iterable[ItemDataset], names: KnownNames) -> Workflow[None]:
    """Look up the names of the owners and organisations that are not known yet, all at once."""
    accounts = sorted({item.owner_username for item in datasets} - names.accounts.keys())
    handles = sorted({handle for item in datasets for handle in _organisations(item)} - names.items.keys())
    outcomes = yield from gather([*map(_account_name, accounts), *map(name_of, handles)])
    found = [name if isinstance(name, str) else None for name in outcomes]
    names.accounts.update(zip(accounts, found, strict=False))
    organisations = zip(handles, found[len(accounts) :], strict=True)
    names.items.update({handle: name for handle, name in organisations if name is not None})


def _account_name(username: str) -> Workflow[str | None]:
    person = yield from people.of_account(username)
    return person.display_name if person is not None else None


def _organisations(item: ItemDataset) -> tuple[str, str]:
    metadata = item.collection_format
    return metadata.associations.organisation_id, metadata.dataset_info.publisher_id


def _row(item: ItemDataset, names: KnownNames) -> InventoryRow:
    info, versions = item.collection_format.dataset_info, item.versioning_info
    organisation, publisher = (names.items.get(handle) for handle in _organisations(item))
    period = info.temporal_info.duration if info.temporal_info is not None else None
    extent = place(item.collection_format)
    west, south, east, north = extent.bounds if extent is not None else (None,) * 4
    return InventoryRow(
        handle=item.id,
        name=item.display_name,
        owner=item.owner_username,
        owner_name=names.accounts.get(item.owner_username),
        organisation=organisation,
        publisher=publisher,
        status=item.release_status.value,
        version=versions.version if versions is not None else None,
        is_latest=not versions.next_version if versions is not None else None,
        license=info.license,
        keywords=tuple(info.keywords or ()),
        coverage=(info.spatial_info.coverage or info.spatial_info.extent) if info.spatial_info else None,
        west=west,
        south=south,
        east=east,
        north=north,
        begin=period.begin_date if period is not None else None,
        end=period.end_date if period is not None else None,
        registered=moment(item.created_timestamp),
        updated=moment(item.updated_timestamp),
        external=None if info.access_info.reposited else info.access_info.uri,
    )
