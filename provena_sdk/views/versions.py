"""The versions of a dataset, as a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from provena_sdk.display.text import printable
from provena_sdk.views.tabular import TabularList

if TYPE_CHECKING:
    from provena_api.models import ReleasedStatus


@dataclass(frozen=True, slots=True, repr=False)
class DatasetVersion:
    """One version of a dataset; all but the handle is None if it could not be fetched.

    Attributes:
        id: Its handle.
        number: Its number, counted from 1.
        name: Its name.
        owner: User name of its owner.
        created: When it was registered.
        status: Whether it is released.
        reason: Why it was made; None for the first.
    """

    id: str
    number: int | None = None
    name: str | None = None
    owner: str | None = None
    created: datetime | None = None
    status: ReleasedStatus | None = None
    reason: str | None = None

    def __repr__(self) -> str:
        number = "version ?" if self.number is None else f"version {self.number}"
        return f"<DatasetVersion {printable(self.id, 60)}: {number}, {printable(self.name or 'not readable', 90)}>"


class DatasetVersions(TabularList[DatasetVersion]):
    """The versions of a dataset, oldest first, as a list that prints as a table.

    A chain ends where a version cannot be fetched, because it is private to others for example.

    Attributes:
        dataset_id: Handle of the version that they were asked of.
    """

    noun: ClassVar = ("version", "versions")
    _columns: ClassVar = ("version", "dataset", "name", "owner", "registered", "status", "why")
    _words: ClassVar = ("status",)
    _index: ClassVar = "dataset"
    _types: ClassVar = {"registered": "time"}

    def __init__(self, dataset_id: str, versions: Iterable[DatasetVersion]) -> None:
        super().__init__(versions)
        self.dataset_id = dataset_id

    @property
    def latest(self) -> DatasetVersion:
        """The newest version."""
        return self[-1]

    def _title(self) -> str:
        number = next((version.number for version in self if version.id == self.dataset_id), None)
        return f"dataset {printable(self.dataset_id)}: version {number} of {len(self)}"

    def _rows(self) -> list[tuple[object, ...]]:
        return [
            (
                version.number,
                version.id,
                version.name or "not readable",
                version.owner,
                version.created,
                None if version.status is None else version.status.value,
                version.reason,
            )
            for version in self
        ]
