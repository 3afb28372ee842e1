"""Describe a dataset for citations and exports, with the names of who is behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from provena_api.models import ItemPerson

from provena_sdk.errors import (
    BadRequest,
    ConfigurationError,
    Forbidden,
    OperationRejected,
    ProvenaError,
    Unauthorized,
)
from provena_sdk.export import citation, document
from provena_sdk.export.record import DatasetRecord, describe, written_authors
from provena_sdk.operations.workflow import Workflow, gather
from provena_sdk.workflows.datastore import fetch_dataset
from provena_sdk.workflows.registry import items, people

_NOT_KNOWN: Final = (BadRequest, ConfigurationError, Forbidden, OperationRejected, Unauthorized)
"""Errors which mean that a name cannot be found out, now or later."""


def described(dataset_id: str) -> Workflow[DatasetRecord]:
    """Fetch a dataset, then its owner and the persons and organisations that its metadata name, all at once.

    Those whom the user may not read, who do not exist, or for whom the deployment has no service stay without a name.

    Raises:
        ProvenaError: The dataset cannot be fetched; or a service failed, since a citation must not depend on that.
    """
    item = (yield from fetch_dataset("dataset_id", dataset_id)).item
    associations = item.collection_format.associations
    publisher = item.collection_format.dataset_info.publisher_id
    named = (associations.organisation_id, publisher, associations.data_custodian_id)
    handles = list(dict.fromkeys(filter(None, named)))
    owner, *agents = yield from gather(
        [_owner(item.owner_username), *(items.fetch(handle) for handle in handles)]
    )
    found = {handle: _known(agent) for handle, agent in zip(handles, agents, strict=True)}
    return describe(item, _known(owner), found)


def cite(dataset_id: str, style: object, authors: Iterable[str] | None) -> Workflow[citation.Citation]:
    """Cite a dataset in a style."""
    checked = citation.checked_style(style)
    written = written_authors(authors)
    record = yield from described(dataset_id)
    return citation.cite(replace(record, authors=written or record.authors), checked)


def to_export(dataset_id: str, format: object) -> Workflow[DatasetRecord]:
    """Fetch what an export says about a dataset, after checking that there is such a format."""
    document.checked_format(format)
    return (yield from described(dataset_id))


def export(
    record: DatasetRecord, files: Iterable[document.ListedFile] | None, format: str
) -> document.ExportedDocument:
    """Return a dataset in the format of another catalogue."""
    return document.export(record, files, format)


def _owner(username: str) -> Workflow[items.Item | None]:
    person: ItemPerson | None = yield from people.of_account(username)
    return person


def _known(outcome: object) -> object | None:
    if isinstance(outcome, _NOT_KNOWN):
        return None
    if isinstance(outcome, ProvenaError):
        raise outcome
    return outcome
