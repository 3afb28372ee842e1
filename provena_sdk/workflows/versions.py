"""Workflows for the versions of a dataset."""

from __future__ import annotations

from typing import Literal

from provena_api.models import ItemDataset

from provena_sdk.display.times import moment
from provena_sdk.errors import ProvenaError
from provena_sdk.operations.handles import is_handle
from provena_sdk.operations.workflow import Workflow, gather
from provena_sdk.views.versions import DatasetVersion, DatasetVersions
from provena_sdk.workflows.datastore import MOST_VERSIONS, fetch_dataset

Direction = Literal["previous_version", "next_version"]


def versions_of(item: ItemDataset) -> Workflow[DatasetVersions]:
    """Fetch all versions of a dataset, before and after the one given, both ways at once."""
    older, newer = yield from gather([_followed(item, "previous_version"), _followed(item, "next_version")])
    for outcome in (older, newer):
        if isinstance(outcome, ProvenaError):
            raise outcome
    chain = [*reversed(_listed(older)), _version(item), *_listed(newer)]
    return DatasetVersions(item.id, chain)


def _listed(outcome: list[DatasetVersion] | ProvenaError) -> list[DatasetVersion]:
    return [] if isinstance(outcome, ProvenaError) else outcome


def _followed(item: ItemDataset, direction: Direction) -> Workflow[list[DatasetVersion]]:
    """Follow the versions one way, as far as they can be fetched, nearest first."""
    found: list[DatasetVersion] = []
    seen = {item.id}
    following = _neighbour(item, direction)
    while following and is_handle(following) and following not in seen and len(found) < MOST_VERSIONS:
        seen.add(following)
        try:
            item = (yield from fetch_dataset("dataset_id", following)).item
        except ProvenaError:
            # Most likely private to others: its handle is known, and no more.
            return [*found, DatasetVersion(following)]
        found.append(_version(item))
        following = _neighbour(item, direction)
    return found


def _neighbour(item: ItemDataset, direction: Direction) -> str | None:
    place = item.versioning_info
    if place is None:
        return None
    return place.previous_version if direction == "previous_version" else place.next_version


def _version(item: ItemDataset) -> DatasetVersion:
    place = item.versioning_info
    return DatasetVersion(
        item.id,
        1 if place is None else place.version,
        item.display_name,
        item.owner_username,
        moment(item.created_timestamp),
        item.release_status,
        None if place is None else place.reason,
    )
