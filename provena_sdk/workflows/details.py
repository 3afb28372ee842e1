"""Workflows for what an interactive dataset knows about itself: its item, the names in it, its versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from provena_api.models import ItemDataset, RegistryFetchResponse

from provena_sdk.errors import ProvenaError
from provena_sdk.operations import catalogue
from provena_sdk.operations.handles import is_handle
from provena_sdk.operations.workflow import Workflow, call, gather
from provena_sdk.views.history import UserName
from provena_sdk.views.versions import DatasetVersions
from provena_sdk.workflows.datastore import fetch_dataset
from provena_sdk.workflows.registry.names import names_of
from provena_sdk.workflows.versions import versions_of

Names = dict[str, str]
"""Names of items by their handles, kept from one call to the next."""


@dataclass(frozen=True, slots=True)
class NamesOf:
    """The names of whom and what a dataset refers to.

    Attributes:
        users: Its owner and who changed it, by user name.
        items: Its organisations, custodian and reviewer, by handle; None for those that cannot be read.
    """

    users: Mapping[str, UserName]
    items: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Details:
    """Everything that an interactive dataset knows about itself."""

    answer: RegistryFetchResponse
    names: NamesOf
    versions: DatasetVersions


def details(dataset_id: str, known: Names) -> Workflow[Details]:
    """Fetch a dataset with the names in it and its versions."""
    answer = yield from fetch_dataset("dataset_id", dataset_id)
    versions = yield from versions_of(answer.item)
    return Details(answer, (yield from names_in(answer.item, known)), versions)


def names_in(item: ItemDataset, known: Names) -> Workflow[NamesOf]:
    """Look up the names of whom and what a dataset refers to. Those that cannot be found out stay unknown.

    Args:
        item: The dataset.
        known: Names that were looked up before, by handle; new ones are added to it.
    """
    usernames = list(dict.fromkeys([item.owner_username, *(state.username for state in item.history)]))
    outcomes = yield from gather([_person_of(username) for username in usernames])
    persons = {
        username: None if isinstance(outcome, ProvenaError) else outcome
        for username, outcome in zip(usernames, outcomes, strict=True)
    }
    associations, info = item.collection_format.associations, item.collection_format.dataset_info
    handles = [
        *(associations.organisation_id, associations.data_custodian_id, info.publisher_id),
        *(item.release_approver, *persons.values()),
    ]
    names = yield from names_of([handle for handle in handles if handle and is_handle(handle)], known)
    users = {
        username: UserName(username, names.get(person or ""), person) for username, person in persons.items()
    }
    return NamesOf(users, names)


def _person_of(username: str) -> Workflow[str | None]:
    """Return the handle of the Person that an account is linked to, which anybody may look up."""
    link = yield from call(replace(catalogue.auth.LOOKUP_LINK(username=username), once=True))
    return link.person_id
