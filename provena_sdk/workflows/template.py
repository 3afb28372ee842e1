"""Workflow for the template of a dataset's metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from provena_api.models import CollectionFormat

from provena_sdk import metadata
from provena_sdk.operations.workflow import Workflow, gather
from provena_sdk.workflows import datastore, editing
from provena_sdk.workflows.registry import organisations, people

_NEWEST: Final = 100


def template(format: str, like: str | None) -> Workflow[str]:
    """Write a template from the deployment's schema.

    It begins with the metadata of another dataset, or with the user's own person and organisation where known.
    """
    metadata.template.check_format(format)
    if like is not None:
        return (yield from _template_like(like, format))
    schema = yield from datastore.dataset_schema()
    person, organisation = yield from gather([_person(), _organisation()])
    known = {
        "associations.data_custodian_id": person,
        "associations.organisation_id": organisation,
        "dataset_info.publisher_id": organisation,
    }
    found = {path: each for path, each in known.items() if isinstance(each, tuple)}
    return metadata.template.template(schema, found, format)


def _template_like(handle: str, format: str) -> Workflow[str]:
    answer = yield from datastore.fetch_dataset("like", handle)
    schema = yield from datastore.dataset_schema()
    data = editing.editable(answer.item).to_dict()
    return metadata.template.template(schema, _decided(data.pop("approvals"), handle), format, like=data)


def _decided(approvals: Mapping[str, Any], handle: str) -> dict[str, tuple[object, str]]:
    """Return notes about another dataset's approvals: whether a new dataset needs them, a person must decide."""
    return {
        f"approvals.{name}.{field}": (
            None if field == "relevant" else False,
            f"{json.dumps(value)} in {handle}",
        )
        for name, approval in approvals.items()
        for field, value in (approval or {}).items()
    }


def text_of(edited: CollectionFormat, format: str, about: str) -> Workflow[str]:
    """Write metadata as a file to be changed in an editor."""
    metadata.template.check_format(format)
    schema = yield from datastore.dataset_schema()
    return metadata.template.editable_text(schema, edited.to_dict(), format, about)


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
