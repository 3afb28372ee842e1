"""The initial content of a sandbox, and synthetic datasets."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from provena_sdk.sandbox.data.items import Item, Metadata, dataset_body
from provena_sdk.sandbox.data.registry import State
from provena_sdk.sandbox.data.storage import Storage
from provena_sdk.sandbox.data.users import STANDARD_USERS

ORGANISATIONS = {"10378.1/1900001": "Coral Sea Institute", "10378.1/1900002": "Southern Ocean Data Centre"}
_PERSON_NAMES = {
    user.person: user.name for user in reversed(STANDARD_USERS.values()) if user.person is not None
}
_PLACES = (
    "Lizard Island",
    "Heron Island",
    "Ningaloo",
    "Torres Strait",
    "Kimberley",
    "Cape York",
    "Moreton Bay",
)
_SUBJECTS = (
    "coral bleaching",
    "water temperature",
    "larval dispersal",
    "turbidity",
    "fish counts",
    "seagrass cover",
)


@dataclass(frozen=True, slots=True)
class Seed:
    """The initial content of a sandbox, besides its users.

    Args:
        registered: Whether the registry has the two organisations and the persons linked to the users. Without them
            no dataset can be registered.
        datasets: Number of synthetic datasets.
    """

    registered: bool = True
    datasets: int = 0


def plant(seed: Seed, state: State, storage: Storage) -> None:
    """Fill an empty state."""
    if seed.registered:
        register(state)
    state.next_suffix = max(state.next_suffix, storage.first_suffix())
    if seed.datasets:
        populate(state, storage, seed.datasets)


def register(state: State) -> None:
    """Add the organisations and the users' persons to the registry."""
    now = state.now()
    for handle, name in ORGANISATIONS.items():
        state.put(Item(handle, "ORGANISATION", "admin", now, now, body={"display_name": name, "name": name}))
    for handle, username in sorted(_PERSON_NAMES.items()):
        body = {
            "display_name": username.capitalize(),
            "first_name": username.capitalize(),
            "last_name": "Sandbox",
        }
        state.put(Item(handle, "PERSON", username, now, now, body=body))
    taken = [*ORGANISATIONS, *_PERSON_NAMES]
    state.next_suffix = max(int(handle.rpartition("/")[2]) for handle in taken) + 1


def metadata(name: str = "Reef survey", **info: Any) -> Metadata:
    """Return complete metadata of a dataset, as the service stores it.

    Args:
        name: The dataset's name.
        info: Other fields of ``dataset_info``, replacing these.

    Example:
        >>> metadata("Tides", keywords=["sea level"])["dataset_info"]["keywords"]
        ['sea level']
    """
    organisation = next(iter(ORGANISATIONS))
    made: Metadata = {
        "associations": {
            "organisation_id": organisation,
            "data_custodian_id": None,
            "point_of_contact": None,
        },
        "approvals": {
            approval: {"relevant": False, "obtained": False}
            for approval in (
                "ethics_registration",
                "ethics_access",
                "indigenous_knowledge",
                "export_controls",
            )
        },
        "dataset_info": {
            "name": name,
            "description": f"Description of {name}",
            "access_info": {"reposited": True, "uri": None, "description": None},
            "publisher_id": organisation,
            "created_date": {"relevant": True, "value": "2024-01-02"},
            "published_date": {"relevant": False, "value": None},
            "license": "https://creativecommons.org/licenses/by/4.0/",
            "purpose": None,
            "rights_holder": None,
            "usage_limitations": None,
            "preferred_citation": None,
            "spatial_info": None,
            "temporal_info": None,
            "formats": None,
            "keywords": None,
            "user_metadata": None,
            "version": None,
        },
    }
    made["dataset_info"].update(copy.deepcopy(info))
    return made


def add_dataset(
    state: State,
    storage: Storage,
    described: Metadata,
    *,
    owner: str,
    files: Mapping[str, bytes],
    reason: str = "Initial record creation",
    new_id: Callable[[], str] | None = None,
) -> Item:
    """Register a dataset directly.

    Args:
        state: The registry's state.
        storage: The store for its files.
        described: Complete metadata.
        owner: User name of the owner.
        files: Content, by path within the dataset.
        reason: Reason in the first entry of its history.
        new_id: Returns the id of the activity that created it; None leaves that out.
    """
    now = state.now()
    item = Item(state.new_handle(), "DATASET", owner, now, now)
    item.body = dataset_body(item.id, described, storage.bucket)
    item.record(reason, owner, now)
    if new_id is not None:
        item.create_workflow = new_id()
    storage.write_metadata(item.id, described)
    for path, content in files.items():
        storage.put(item.id, path, content)
    return state.put(item)


def populate(state: State, storage: Storage, count: int, *, owner: str = "writer") -> list[Item]:
    """Register a number of synthetic datasets, each a second older than the next.

    Returns:
        The datasets, the oldest first.
    """
    made = []
    first = state.now() - count
    for number in range(count):
        place, subject = _PLACES[number % len(_PLACES)], _SUBJECTS[number % len(_SUBJECTS)]
        described = metadata(
            f"{place} {subject} {number:04d}",
            description=f"Observations of {subject} around {place}, series {number}.",
            keywords=[*subject.split(), place.lower()],
            formats=["csv"],
        )
        item = add_dataset(state, storage, described, owner=owner, files={})
        item.created = item.updated = item.history[0]["timestamp"] = first + number
        made.append(state.put(item))
    return made
