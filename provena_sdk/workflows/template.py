"""Workflow for the template of a dataset's metadata."""

from __future__ import annotations

from typing import Final

from provena_sdk import metadata
from provena_sdk.operations.workflow import Workflow, gather
from provena_sdk.workflows import datastore
from provena_sdk.workflows.registry import organisations, people

_NEWEST: Final = 100


def template(format: str) -> Workflow[str]:
    """Write a template from the deployment's schema, with the user's own person and organisation where known."""
    metadata.template.check_format(format)
    schema = yield from datastore.dataset_schema()
    person, organisation = yield from gather([_person(), _organisation()])
    known = {
        "associations.data_custodian_id": person,
        "associations.organisation_id": organisation,
        "dataset_info.publisher_id": organisation,
    }
    found = {path: each for path, each in known.items() if isinstance(each, tuple)}
    return metadata.template.template(schema, found, format)


def _person() -> Workflow[tuple[str, str] | None]:
    """Return the person that the user's account is linked to."""
    person = yield from people.me()
    return None if person is None else (person.id, person.display_name)


def _organisation() -> Workflow[tuple[str, str] | None]:
    """Return the organisation that recorded the user's newest dataset; the registry knows no other tie to one."""
    username = (yield from datastore.check_access("general")).username
    newest = yield from datastore.list_datasets(datastore.list_request(None, page_size=_NEWEST))
    own = next((each for each in newest.items if each.owner_username == username), None)
    if own is None:
        return None
    organisation = yield from organisations.get(own.collection_format.associations.organisation_id)
    return organisation.id, organisation.display_name
