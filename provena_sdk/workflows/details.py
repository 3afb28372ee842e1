"""Workflows for what an interactive dataset knows about itself: its item, the names in it, its versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from provena_api.models import ItemDataset, ItemPerson, RegistryFetchResponse

from provena_sdk.operations.handles import is_handle
from provena_sdk.operations.workflow import Workflow, gather
from provena_sdk.views.history import History, UserName, history_of
from provena_sdk.views.versions import DatasetVersions
from provena_sdk.workflows.datastore import fetch_dataset
from provena_sdk.workflows.registry import people
from provena_sdk.workflows.registry.names import PersonName, look_up
from provena_sdk.workflows.versions import versions_of


@dataclass(frozen=True, slots=True)
class NamesOf:
    """The names of whom and what a dataset refers to, as far as they are known.

    Attributes:
        users: Its owner and who changed it, by user name.
        items: Its organisations, custodian and reviewer, by handle.
    """

    users: Mapping[str, UserName] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)

    def user(self, username: str) -> UserName:
        """Return a user with or without a name."""
        return self.users.get(username) or UserName(username)

    def person(self, handle: str | None) -> PersonName | None:
        """Return a person with or without a name; None for None."""
        return PersonName(handle, self.items.get(handle)) if handle else None

    def organisation(self, handle: str) -> str:
        """Return an organisation's name, or its handle."""
        return self.items.get(handle, handle)

    def history(self, item: ItemDataset) -> History:
        """Return a dataset's history with the names of users."""
        return history_of(item, self.users)


@dataclass(frozen=True, slots=True)
class Details:
    """Everything that an interactive dataset knows about itself."""

    answer: RegistryFetchResponse
    names: NamesOf
    versions: DatasetVersions


def details(dataset_id: str, known: dict[str, str]) -> Workflow[Details]:
    """Fetch a dataset with the names in it and its versions; ``known`` is as for :func:`names_in`."""
    answer = yield from fetch_dataset("dataset_id", dataset_id)
    versions = yield from versions_of(answer.item)
    return Details(answer, (yield from names_in(answer.item, known)), versions)


def names_in(item: ItemDataset, known: dict[str, str]) -> Workflow[NamesOf]:
    """Look up the names of whom and what a dataset refers to. Those that cannot be found out stay unknown.

    Args:
        item: The dataset.
        known: Names that were looked up before, by handle; new ones are added to it.
    """
    associations, info = item.collection_format.associations, item.collection_format.dataset_info
    agents = (associations.organisation_id, associations.data_custodian_id, info.publisher_id)
    handles = [handle for handle in (*agents, item.release_approver) if handle and is_handle(handle)]
    yield from look_up(handles, known)
    usernames = list(dict.fromkeys([item.owner_username, *(state.username for state in item.history)]))
    persons = yield from gather([people.of_account(username) for username in usernames])
    users = {
        username: UserName(username, person.display_name, person.id)
        for username, person in zip(usernames, persons, strict=True)
        if isinstance(person, ItemPerson)
    }
    return NamesOf(users, {handle: known[handle] for handle in handles if handle in known})
