"""Workflow that finds everything that is wrong with metadata, in one go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from provena_api import models

from provena_sdk import metadata
from provena_sdk.errors import (
    InvalidMetadata,
    MetadataProblem,
    NameNotFound,
    OperationRejected,
    ValidationFailed,
)
from provena_sdk.metadata.json_places import joined
from provena_sdk.operations import catalogue
from provena_sdk.operations.workflow import Workflow, call
from provena_sdk.workflows.registry.agents import ORGANISATION, PERSON
from provena_sdk.workflows.registry.naming import Kind, reference

_NAMES: Final[Mapping[tuple[str, str], Kind[Any]]] = {
    ("associations", "organisation_id"): ORGANISATION,
    ("associations", "data_custodian_id"): PERSON,
    ("dataset_info", "publisher_id"): ORGANISATION,
}
"""The fields that take names, and whose."""


def problems(given: object) -> Workflow[tuple[MetadataProblem, ...]]:
    """Check metadata, look up the names in them, and ask the service if nothing was found.

    Raises:
        InvalidArgument: They are not metadata at all, or the file cannot be read.
    """
    try:
        document, checked = metadata.sources.checked_metadata("metadata_payload", given)
    except InvalidMetadata as error:  # a syntax error
        return error.problems
    found = [*checked.problems, *(yield from _unknown_names(checked.data))]
    if not found:
        found = yield from _refused(models.CollectionFormat.from_dict(checked.data))
    return tuple(document.placed(found))


def _unknown_names(data: Mapping[str, Any]) -> Workflow[list[MetadataProblem]]:
    """Replace names by handles, as far as they can be found."""
    found = []
    for (section, field), kind in _NAMES.items():
        value = data.get(section, {}).get(field)
        if value is None:
            continue
        path = f"{section}.{field}"
        try:
            data[section][field] = yield from _handle_of(kind, path, value)
        except NameNotFound as error:
            message = error.message.removeprefix(f"{path}: ")
            found.append(MetadataProblem(path, f"{message} {error.hint or ''}".strip(), value))
    return found


def _handle_of(kind: Kind[Any], path: str, value: object) -> Workflow[str]:
    return (yield from reference(kind, path, value))


def _refused(body: models.CollectionFormat) -> Workflow[list[MetadataProblem]]:
    try:
        yield from call(catalogue.datastore.VALIDATE_METADATA(body=body))
    except OperationRejected as error:
        return [MetadataProblem("", error.detail or error.message)]
    except ValidationFailed as error:
        return [MetadataProblem(_path(entry.location[1:]), entry.message) for entry in error.errors] or [
            MetadataProblem("", error.message)
        ]
    return []


def _path(location: tuple[str | int, ...]) -> str:
    path = ""
    for part in location:
        path = joined(path, part)
    return path
