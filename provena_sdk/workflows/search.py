"""Workflows for the search service."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from attrs import evolve
from provena_api.models import HealthCheckResponse, ItemDataset, ItemSubType, QueryResults

from provena_sdk.display.notebook import pretty
from provena_sdk.display.text import SERVER_LIMIT, printable, server_text
from provena_sdk.errors import Forbidden, InvalidArgument, ProvenaError, Unauthorized
from provena_sdk.operations import access, arguments, catalogue
from provena_sdk.operations.workflow import Workflow, call, gather
from provena_sdk.views.dataset_views import DatasetViews
from provena_sdk.views.item_lists import DatasetList
from provena_sdk.workflows.datastore import fetch_dataset
from provena_sdk.workflows.registry.listing import DEFAULT_PAGE_SIZE

if TYPE_CHECKING:
    from pandas import DataFrame

DEFAULT_SEARCH_LIMIT = 25
"""Default number of hits that ``search_datasets`` loads."""

DATASTORE_DEFAULT_SEARCH_LIMIT = DEFAULT_PAGE_SIZE
"""Default number of rows per page of a listing; the service's own default."""

LARGEST_LIMIT = 50
"""Most hits that the service returns; it silently caps larger limits."""

_LARGEST_SCORE = 1e6


@dataclass(frozen=True, slots=True, repr=False)
class LoadedSearchItem:
    """A hit with its dataset."""

    id: str
    score: float
    item: ItemDataset

    @property
    def name(self) -> str:
        """The dataset's name."""
        return self.item.display_name

    def __str__(self) -> str:
        # A service may send a number that does not fit a float.
        score = f"{self.score:8.3f}" if abs(self.score) < _LARGEST_SCORE else f"{'…':>8}"
        return f"{score}  {printable(self.id)}  {printable(self.item.display_name)}"

    def __repr__(self) -> str:
        return f"<LoadedSearchItem {printable(self, 180)}>"


@dataclass(frozen=True, slots=True, repr=False)
class UnauthorisedSearchItem:
    """A hit that the user may not read; the search index ignores permissions."""

    id: str
    score: float
    error: ProvenaError

    def __repr__(self) -> str:
        return f"<UnauthorisedSearchItem {printable(self.id, 100)}: {type(self.error).__name__}>"


@dataclass(frozen=True, slots=True, repr=False)
class FailedSearchItem:
    """A hit that could not be loaded for another reason."""

    id: str
    score: float
    error: ProvenaError

    def __repr__(self) -> str:
        return f"<FailedSearchItem {printable(self.id, 100)}: {type(self.error).__name__}>"

    @property
    def error_info(self) -> str:
        """The error's message."""
        return str(self.error)


@dataclass(frozen=True, slots=True, repr=False)
class LoadedSearchResponse(DatasetViews):
    """The hits of a search, best first, grouped by whether they could be loaded.

    ``str`` is a table; a notebook shows it with a map.

    Attributes:
        items: Hits with their datasets.
        auth_errors: Hits that the user may not read.
        misc_errors: Hits that failed for another reason, such as an outdated index.
        warnings: Warnings from the search service.
        filtered: Hits that were loaded, and left out by ``bbox``, ``since`` or ``until``.
    """

    items: list[LoadedSearchItem] = field(default_factory=list)
    auth_errors: list[UnauthorisedSearchItem] = field(default_factory=list)
    misc_errors: list[FailedSearchItem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    filtered: list[LoadedSearchItem] = field(default_factory=list)

    def __iter__(self) -> Iterator[LoadedSearchItem]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: SupportsIndex) -> LoadedSearchItem: ...
    @overload
    def __getitem__(self, index: slice) -> LoadedSearchResponse: ...
    def __getitem__(self, index: SupportsIndex | slice) -> LoadedSearchItem | LoadedSearchResponse:
        return LoadedSearchResponse(self.items[index]) if isinstance(index, slice) else self.items[index]

    def to_pandas(self, *, full: bool = False) -> DataFrame:
        """Return a data frame with a row for each hit that could be loaded, best first, and its score.

        Args:
            full: False for a dozen chosen columns with real dates; True for every field of the datasets, nested ones as
                ``outer.inner``, with dates and times as the service sends them.

        Raises:
            ImportError: pandas is not installed.

        Example:
            >>> provena.datastore.search_datasets("alpha").to_pandas().loc["10378.1/1900011", "name"]
            'Alpha reef survey'
        """
        table = DatasetList(self._datasets()).to_pandas(full=full)
        return table.assign(score=[hit.score for hit in self])

    def __str__(self) -> str:
        from provena_sdk.views import search_results  # noqa: PLC0415  # keeps drawing away until it is asked for

        return search_results.text(list(self._datasets()), self._notes())

    def _repr_html_(self) -> str:
        from provena_sdk.views import search_results  # noqa: PLC0415  # keeps drawing away until it is asked for

        return search_results.html(list(self._datasets()), self._notes())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    def __repr__(self) -> str:
        others = [f", {len(hits)} {what}" for what, hits in self._others() if hits]
        return f"<LoadedSearchResponse of {len(self)}{''.join(others)}>"

    def _datasets(self) -> Iterator[ItemDataset]:
        return (hit.item for hit in self.items)

    def _others(
        self,
    ) -> tuple[tuple[str, Sequence[LoadedSearchItem | UnauthorisedSearchItem | FailedSearchItem]], ...]:
        return (
            ("not readable for you", self.auth_errors),
            ("failed", self.misc_errors),
            ("left out by place or time", self.filtered),
        )

    def _notes(self) -> list[str]:
        return [
            f"{len(hits)} {what}: {printable(', '.join(hit.id for hit in hits[:LARGEST_LIMIT]), SERVER_LIMIT)}"
            for what, hits in self._others()
            if hits
        ]


def health_check() -> Workflow[HealthCheckResponse]:
    """Ask whether the service is up."""
    return (yield from call(catalogue.search.HEALTH_CHECK()))


def check_access(level: str) -> Workflow[access.UserAccess]:
    """Ask whether the user has a level of access to the search service."""
    operation = catalogue.search.ACCESS[access.level(level)]
    return access.user_access((yield from call(operation())))


def search_registry(query: str, limit: int, subtype_filter: str | None) -> Workflow[QueryResults]:
    """Search all kinds of items, or one."""
    arguments.text("query", query)
    arguments.count("limit", limit, most=LARGEST_LIMIT)
    subtype = (
        None if subtype_filter is None else ItemSubType(arguments.text("subtype_filter", subtype_filter))
    )
    if subtype is not None and not subtype.is_known:
        raise InvalidArgument(
            "subtype_filter",
            f"must be one of {', '.join(ItemSubType)}, not {printable(subtype_filter, 60)!r}.",
        )
    request = catalogue.search.SEARCH_ENTITY_REGISTRY(query=query, subtype_filter=subtype, record_limit=limit)
    found = yield from call(request)
    # Each hit may cost a request, so no more are kept than were asked for.
    return evolve(found, results=found.results[:limit])


def search_datasets(
    query: str, limit: int, *, bbox: object = None, since: object = None, until: object = None
) -> Workflow[LoadedSearchResponse]:
    """Search datasets and load the hits concurrently, in the order of the hits."""
    is_wanted = _filter(bbox, since, until)
    found = yield from search_registry(query, limit, "DATASET")
    hits = found.results
    loads = [fetch_dataset("id", hit.id) for hit in hits]
    outcomes = yield from gather(loads)
    response = LoadedSearchResponse(
        warnings=[server_text(warning) for warning in (found.warnings or [])[:LARGEST_LIMIT]]
    )
    for hit, outcome in zip(hits, outcomes, strict=True):
        if isinstance(outcome, Unauthorized | Forbidden):
            response.auth_errors.append(UnauthorisedSearchItem(hit.id, hit.score, outcome))
        elif isinstance(outcome, ProvenaError):
            response.misc_errors.append(FailedSearchItem(hit.id, hit.score, outcome))
        else:
            kept = response.items if is_wanted(outcome.item) else response.filtered
            kept.append(LoadedSearchItem(hit.id, hit.score, outcome.item))
    return response


def _filter(bbox: object, since: object, until: object) -> Callable[[ItemDataset], bool]:
    if bbox is None and since is None and until is None:
        return lambda _: True
    from provena_sdk.workflows.coverage_filter import coverage_filter  # noqa: PLC0415  # keeps geometry away

    return coverage_filter(bbox, since, until)
