"""The initial content of a sandbox, and synthetic datasets."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provena_sdk.sandbox.data.items import Item, Metadata, dataset_body, organisation_body, person_body
from provena_sdk.sandbox.data.registry import State
from provena_sdk.sandbox.data.storage import Storage
from provena_sdk.sandbox.data.users import STANDARD_USERS
from provena_sdk.sandbox.work.workers import Work

# Handle, subtype, owner and content of an item.
_Registered = tuple[str, str, str, dict[str, Any]]

# Names and RORs; these and the ORCIDs have valid check digits but were never assigned.
ORGANISATIONS = {
    "10378.1/1900001": ("Coral Sea Institute", "https://ror.org/0c0ra1s63"),
    "10378.1/1900002": ("Southern Ocean Data Centre", "https://ror.org/0s0cean30"),
}
# First name, last name and the last digits of the ORCID of each user's person.
_PERSONS = {
    "writer": ("Wren", "Castellanos", "0002"),
    "writer2": ("Wendell", "Castellanos", "0379"),
    "reviewer": ("Ruth", "Okonkwo", "074X"),
    "admin": ("Ada", "Lindqvist", "111X"),
    "regadmin": ("Reza", "Farahani", "1486"),
    "reader": ("Rosa", "Marchetti", "1857"),
    "noemail": ("Noor", "Haddad", "2227"),
    "writeonly": ("Will", "Tane", "2593"),
}
# Below the first handle that the services give out.
FORCING_TEMPLATE, RESULT_TEMPLATE, MODEL, RUN_TEMPLATE = (f"10378.1/{1800001 + n}" for n in range(4))
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
        demo: Whether to add the nine datasets of :mod:`provena_sdk.sandbox.demo`, which have files, places and times.
            They need what is registered.
    """

    registered: bool = True
    datasets: int = 0
    demo: bool = False


def plant(seed: Seed, state: State, storage: Storage) -> None:
    """Fill an empty state with what comes before its datasets."""
    if seed.registered or seed.demo:
        register(state)
    state.next_suffix = max(state.next_suffix, storage.first_suffix())


def register(state: State) -> None:
    """Add the organisations, the users' persons, and what a model run refers to."""
    organisations = [
        (handle, "ORGANISATION", "admin", organisation_body(name, ror))
        for handle, (name, ror) in ORGANISATIONS.items()
    ]
    persons = [_person(username) for username in _PERSONS]
    for handle, subtype, owner, body in (
        *organisations,
        *sorted(persons, key=lambda one: one[0]),
        *_modelling(),
    ):
        now = state.now()
        item = Item(handle, subtype, owner, now, now, body=body)
        item.record("Initial record creation", owner, now)
        state.put(item)
    taken = [int(handle.rpartition("/")[2]) for handle in state.items]
    state.next_suffix = max(taken) + 1


def _person(username: str) -> _Registered:
    first_name, last_name, digits = _PERSONS[username]
    orcid = f"https://orcid.org/0000-0090-0000-{digits}"
    body = person_body(first_name, last_name, f"{username}@example.com", orcid)
    return STANDARD_USERS[username].person or "", "PERSON", username, body


def _modelling() -> list[_Registered]:
    """Return a model, the template of its runs, and the templates of what a run reads and writes."""
    return [
        (
            FORCING_TEMPLATE,
            "DATASET_TEMPLATE",
            "admin",
            _template("Thermox forcing", "forcing", "FORCING_DATA", "Weather that drives a run"),
        ),
        (
            RESULT_TEMPLATE,
            "DATASET_TEMPLATE",
            "admin",
            _template("Thermox result", "result", "GENERAL_DATA", "What a run computes"),
        ),
        (
            MODEL,
            "MODEL",
            "admin",
            {
                "display_name": "Thermox",
                "user_metadata": None,
                "name": "Thermox",
                "description": "Simulates heat",
                "documentation_url": "https://example.com/thermox/docs",
                "source_url": "https://example.com/thermox",
            },
        ),
        (
            RUN_TEMPLATE,
            "MODEL_RUN_WORKFLOW_TEMPLATE",
            "admin",
            {
                "display_name": "Thermox run",
                "user_metadata": None,
                "software_id": MODEL,
                "input_templates": [{"template_id": FORCING_TEMPLATE, "optional": False}],
                "output_templates": [{"template_id": RESULT_TEMPLATE, "optional": False}],
                "annotations": None,
            },
        ),
    ]


def _template(name: str, key: str, usage_type: str, description: str) -> dict[str, Any]:
    resource = {"key": key, "description": description, "usage_type": usage_type}
    return {
        "display_name": name,
        "user_metadata": None,
        "description": description,
        "defined_resources": [],
        "deferred_resources": [
            {**resource, "optional": None, "is_folder": None, "additional_metadata": None}
        ],
    }


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
    work: Work | None = None,
    handle: str | None = None,
    created: int | None = None,
) -> Item:
    """Register a dataset directly.

    Args:
        state: The registry's state.
        storage: The store for its files.
        described: Complete metadata.
        owner: User name of the owner.
        files: Content, by path within the dataset.
        reason: Reason in the first entry of its history.
        work: Records who created it; None leaves that out.
        handle: Its handle; None means the next unused one.
        created: When it was registered, in Unix seconds; None means now.
    """
    now = state.now() if created is None else created
    item = Item(handle or state.new_handle(), "DATASET", owner, now, now)
    item.body = dataset_body(item.id, described, storage.bucket)
    item.record(reason, owner, now)
    if work is not None:
        item.create_workflow = work.record_old_creation(item)
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
