"""Fetch many datasets at once, and return those that could be fetched with the failures of the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from provena_api.models import ItemDataset, RegistryFetchResponse

from provena_sdk.display.text import printable
from provena_sdk.errors import FetchFailed, InvalidArgument, ProvenaError
from provena_sdk.operations.arguments import flag
from provena_sdk.operations.workflow import Workflow, gather, handle_of
from provena_sdk.views.dataset_views import DatasetViews
from provena_sdk.views.item_lists import DATASET_COLUMNS, DatasetList, dataset_row
from provena_sdk.views.tabular import Tabular
from provena_sdk.workflows.datastore import fetch_dataset

if TYPE_CHECKING:
    from pandas import DataFrame

_SHOWN = 20


@dataclass(frozen=True, slots=True, repr=False)
class FetchedDatasets(DatasetViews, Tabular):
    """Datasets that were fetched together. Iterating over it gives them in the order of the ids; it prints as a table.

    Attributes:
        ids: All handles asked for, in their order, repeated where they were.
        found: The datasets that were fetched, by handle.
        failures: The error of each dataset that could not be fetched, by handle.
    """

    ids: tuple[str, ...] = ()
    found: dict[str, RegistryFetchResponse] = field(default_factory=dict)
    failures: dict[str, ProvenaError] = field(default_factory=dict)

    def __iter__(self) -> Iterator[RegistryFetchResponse]:
        return (self.found[id] for id in self.ids if id in self.found)

    def __len__(self) -> int:
        return sum(id in self.found for id in self.ids)

    _columns: ClassVar = DATASET_COLUMNS
    _shown: ClassVar = ("handle", "name", "status", "owner", "updated")
    _words: ClassVar = ("status",)

    def to_pandas(self, *, full: bool = False) -> DataFrame:
        """Return a data frame with a row for each dataset that was fetched, which also says whether it is locked.

        Args:
            full: False for a dozen chosen columns with real dates; True for every field of the datasets, nested ones as
                ``outer.inner``, with dates and times as the service sends them.

        Raises:
            ImportError: pandas is not installed.
        """
        table = DatasetList(self._datasets()).to_pandas(full=full)
        return table.assign(locked=[answer.locked for answer in self])

    def _rows(self) -> list[tuple[object, ...]]:
        return list(map(dataset_row, self._datasets()))

    def _datasets(self) -> Iterator[ItemDataset]:
        return (answer.item for answer in self)

    def _title(self) -> str:
        return f"{len(self.found):,} of {len(self.found) + len(self.failures):,} datasets fetched"

    def _notes(self) -> list[str]:
        failed = list(self.failures.items())
        lines = [printable(f"{id}: {error.message}") for id, error in failed[:_SHOWN]]
        return [*lines, f"… and {len(failed) - _SHOWN:,} more"] if len(failed) > _SHOWN else lines

    def __repr__(self) -> str:
        return f"<FetchedDatasets: {self._title()}>"

    def raise_for_failures(self) -> None:
        """Raise an error if any dataset could not be fetched.

        Raises:
            FetchFailed: Some could not. It contains these datasets and, as an exception group, the errors.
        """
        if not self.failures:
            return
        first, error = next(iter(self.failures.items()))
        total = len(self.found) + len(self.failures)
        raise FetchFailed(
            f"{len(self.failures):,} of {total:,} datasets could not be fetched, the first being "
            f"{printable(first)}: {error.message}",
            fetched=self,
            errors=tuple(self.failures.values()),
            hint="The error's attribute fetched has the other datasets, and each failure by handle.",
        )


def fetch_datasets(ids: Iterable[str], *, raise_for_failures: bool) -> Workflow[FetchedDatasets]:
    """Fetch many datasets concurrently, each once."""
    flag("raise_for_failures", raise_for_failures)
    if isinstance(ids, str | bytes) or not isinstance(ids, Iterable):
        raise InvalidArgument("ids", f"must be several handles, such as a list, not {type(ids).__name__}.")
    handles: list[str] = []
    for index, id in enumerate(ids):
        handles.append((yield from handle_of(f"ids[{index}]", id)))
    unique = list(dict.fromkeys(handles))
    outcomes = yield from gather([fetch_dataset("ids", handle) for handle in unique])
    fetched = FetchedDatasets(tuple(handles))
    for handle, outcome in zip(unique, outcomes, strict=True):
        if isinstance(outcome, ProvenaError):
            fetched.failures[handle] = outcome
        else:
            fetched.found[handle] = outcome
    if raise_for_failures:
        fetched.raise_for_failures()
    return fetched
