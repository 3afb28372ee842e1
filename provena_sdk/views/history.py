"""The history of a dataset: who changed what, when and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

from provena_sdk.display.changes import Change, changes
from provena_sdk.display.text import printable
from provena_sdk.display.times import moment
from provena_sdk.errors import InvalidArgument
from provena_sdk.views.metadata_diff import MetadataDiff
from provena_sdk.views.tabular import TabularList

if TYPE_CHECKING:
    from provena_api.models import (
        CollectionFormat,
        DatasetDomainInfo,
        HistoryEntryDatasetDomainInfo,
        ItemDataset,
    )

_REGISTERED = "all: it was registered"


@dataclass(frozen=True, slots=True, repr=False)
class UserName:
    """A user, by user name and by the name of the Person that the account is linked to.

    Attributes:
        username: The user name.
        name: The Person's name; None when it could not be found out.
        person_id: The Person's handle; None when the account is linked to none, or it could not be found out.
    """

    username: str
    name: str | None = None
    person_id: str | None = None

    def __str__(self) -> str:
        username = printable(self.username)
        return f"{printable(self.name)} ({username})" if self.name else username

    def __repr__(self) -> str:
        return f"<UserName {printable(self.username, 60)}: {printable(self.name or 'not known', 100)}>"


@dataclass(frozen=True, slots=True, repr=False)
class HistoryEntry:
    """One state of a dataset.

    Attributes:
        id: Its number, counted from 0; ``ds.revert_dataset_metadata(id, reason)`` restores it.
        time: When it was recorded; None when the service's time cannot be shown.
        user: Who recorded it.
        reason: Why.
        changes: What differs from the state before; empty for the first.
        metadata: The metadata in this state.
    """

    id: int
    time: datetime | None
    user: UserName
    reason: str
    changes: MetadataDiff
    metadata: CollectionFormat

    def __repr__(self) -> str:
        return f"<HistoryEntry {self.id} by {printable(self.user, 80)}: {printable(self.reason, 80)}>"


class History(TabularList[HistoryEntry]):
    """All states of a dataset, newest first, as a list that prints as a table.

    Attributes:
        dataset_id: The dataset's handle.
    """

    noun: ClassVar = ("state", "states")
    _columns: ClassVar = ("state", "when", "who", "why", "what changed")
    _index: ClassVar = "state"
    _types: ClassVar = {"when": "time"}

    def __init__(
        self, dataset_id: str, states: Iterable[HistoryEntryDatasetDomainInfo], users: Mapping[str, UserName]
    ) -> None:
        self.dataset_id = dataset_id
        ordered = sorted(states, key=lambda state: state.id)
        self._states = {state.id: _compared(state.item) for state in ordered}
        super().__init__(
            HistoryEntry(
                state.id,
                moment(state.timestamp),
                users.get(state.username) or UserName(state.username),
                state.reason,
                self._changes(before.id, state.id) if before else MetadataDiff(),
                state.item.collection_format,
            )
            for before, state in pairwise([None, *ordered])
            if state is not None
        )
        self.reverse()

    def diff(self, first: int, second: int | None = None) -> MetadataDiff:
        """Compare two states.

        Args:
            first: Number of the former state.
            second: Number of the other; None for the newest.

        Returns:
            The fields that differ; prints as a diff.

        Raises:
            InvalidArgument: There is no state of this number.
        """
        newest = max(self._states, default=0)
        return self._changes(
            self._known("first", first), self._known("second", newest if second is None else second)
        )

    def _known(self, argument: str, number: int) -> int:
        if not isinstance(number, int) or isinstance(number, bool):
            raise InvalidArgument(argument, f"must be the number of a state, not {type(number).__name__}.")
        if number not in self._states:
            known = ", ".join(str(each) for each in sorted(self._states)[-20:])
            raise InvalidArgument(
                argument,
                f"dataset {printable(self.dataset_id)} has no state {number}.",
                hint=f"It has {known}.",
            )
        return number

    def _changes(self, first: int, second: int) -> MetadataDiff:
        title = f"dataset {self.dataset_id}: state {first} → {second}"
        return MetadataDiff(changes(self._states[first], self._states[second]), title)

    def _rows(self) -> list[tuple[object, ...]]:
        return [(entry.id, entry.time, str(entry.user), entry.reason, _summary(entry)) for entry in self]


def history_of(item: ItemDataset, users: Mapping[str, UserName]) -> History:
    """Return the history of a fetched dataset.

    Args:
        item: The dataset.
        users: Names of users, by user name; others are shown by user name alone.
    """
    return History(item.id, item.history, users)


def _compared(state: DatasetDomainInfo) -> dict[str, Any]:
    """Return what is compared: the metadata, and what does not follow from them."""
    data = state.collection_format.to_dict()
    return {**data, "release_status": state.release_status.value, "location": state.s3.s3_uri}


def _summary(entry: HistoryEntry) -> str:
    if not entry.changes:
        return _REGISTERED if entry.id == 0 else "nothing"
    return ", ".join(map(_named, entry.changes))


def _named(change: Change) -> str:
    if change.path == "release_status":
        return f"{change.before} → {change.after}"
    return change.path.partition(".")[2] or change.path
