"""Lists of datasets, people, organisations, other items and jobs: the columns of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, Final

from provena_api import models

from provena_sdk.display.times import moment
from provena_sdk.views.dataset_views import DatasetViews
from provena_sdk.views.frames import ColumnType
from provena_sdk.views.tabular import TabularList

_REGISTERED: Final[Mapping[str, ColumnType]] = {"registered": "time", "updated": "time"}

DATASET_COLUMNS: Final = (
    "handle",
    "name",
    "status",
    "owner",
    "organisation",
    "license",
    "created",
    "published",
    "begin",
    "end",
    "keywords",
    "registered",
    "updated",
)
"""The chosen columns of datasets; the organisation is the handle of the one that records the dataset."""

DATASET_TYPES: Final[Mapping[str, ColumnType]] = {
    **dict.fromkeys(("created", "published", "begin", "end"), "date"),
    **_REGISTERED,
}
"""The chosen columns of datasets that hold dates and times."""


def dataset_row(item: models.ItemDataset) -> tuple[object, ...]:
    """Return a dataset's values for the columns of :data:`DATASET_COLUMNS`."""
    metadata = item.collection_format
    info = metadata.dataset_info
    begin, end = _covered(info)
    return (
        item.id,
        item.display_name,
        item.release_status.value,
        item.owner_username,
        metadata.associations.organisation_id,
        info.license,
        info.created_date.value,
        info.published_date.value,
        begin,
        end,
        info.keywords or [],
        *_stamps(item),
    )


def _covered(info: models.CollectionFormatDatasetInfo) -> tuple[date | None, date | None]:
    span = info.temporal_info.duration if info.temporal_info is not None else None
    return (None, None) if span is None else (span.begin_date, span.end_date)


def _stamps(item: Any) -> tuple[object, object]:
    """Return when an item was registered and when it last changed."""
    return moment(item.created_timestamp), moment(item.updated_timestamp)


class DatasetList(DatasetViews, TabularList["models.ItemDataset"]):
    """Datasets, as a list that prints as a table, with a map, a timeline and GeoJSON."""

    __slots__ = ()
    noun: ClassVar = ("dataset", "datasets")
    _columns: ClassVar = DATASET_COLUMNS
    _shown: ClassVar = ("handle", "name", "status", "owner", "updated")
    _words: ClassVar = ("status",)
    _index: ClassVar = "handle"
    _types: ClassVar = DATASET_TYPES

    def _rows(self) -> Sequence[Sequence[object]]:
        return list(map(dataset_row, self))

    def _datasets(self) -> Iterable[models.ItemDataset]:
        return self


class PersonList(TabularList["models.ItemPerson"]):
    """Persons of the registry, as a list that prints as a table."""

    __slots__ = ()
    noun: ClassVar = ("person", "persons")
    _columns: ClassVar = (
        *("handle", "name", "first_name", "last_name", "email", "orcid", "ethics_approved", "owner"),
        *_REGISTERED,
    )
    _shown: ClassVar = ("handle", "name", "email", "orcid")
    _index: ClassVar = "handle"
    _types: ClassVar = _REGISTERED

    def _rows(self) -> Sequence[Sequence[object]]:
        return [
            (
                *(
                    person.id,
                    person.display_name,
                    person.first_name,
                    person.last_name,
                    person.email,
                    person.orcid,
                ),
                *(person.ethics_approved, person.owner_username),
                *_stamps(person),
            )
            for person in self
        ]


class OrganisationList(TabularList["models.ItemOrganisation"]):
    """Organisations of the registry, as a list that prints as a table."""

    __slots__ = ()
    noun: ClassVar = ("organisation", "organisations")
    _columns: ClassVar = ("handle", "name", "full_name", "ror", "owner", *_REGISTERED)
    _shown: ClassVar = ("handle", "name", "ror")
    _index: ClassVar = "handle"
    _types: ClassVar = _REGISTERED

    def _rows(self) -> Sequence[Sequence[object]]:
        return [
            (one.id, one.display_name, one.name, one.ror, one.owner_username, *_stamps(one)) for one in self
        ]


class JobList(TabularList["models.Job"]):
    """Jobs, as a list that prints as a table."""

    __slots__ = ()
    noun: ClassVar = ("job", "jobs")
    _columns: ClassVar = ("session_id", "kind", "task", "status", "requested", "user", "batch_id", "info")
    _shown: ClassVar = ("session_id", "task", "status", "requested", "info")
    _words: ClassVar = ("task", "status")
    _index: ClassVar = "session_id"
    _types: ClassVar = {"requested": "time"}

    def _rows(self) -> Sequence[Sequence[object]]:
        return [
            (
                *(job.session_id, job.job_type.value, job.job_sub_type.value, job.status.value),
                *(moment(job.created_timestamp), job.username, job.batch_id, job.info),
            )
            for job in self
        ]
