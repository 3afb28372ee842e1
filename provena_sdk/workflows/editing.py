"""Workflows that change a dataset's metadata, and refuse to undo what somebody else has changed meanwhile.

The datastore replaces all metadata at once, and has no conditional update: what was fetched is compared with what is
there just before the update is sent, and looked at again after it.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from attrs import fields_dict, has
from provena_api import models
from provena_api.models import (
    CollectionFormat,
    DatasetDomainInfo,
    HistoryEntryDatasetDomainInfo,
    ItemDataset,
    RegistryFetchResponse,
)

from provena_sdk import metadata as dataset_metadata
from provena_sdk.display.changes import changes
from provena_sdk.display.notices import warn
from provena_sdk.display.text import printable, quoted
from provena_sdk.display.times import moment, shown_time
from provena_sdk.errors import MetadataChanged, ProvenaError
from provena_sdk.operations import arguments, catalogue
from provena_sdk.operations.workflow import Workflow
from provena_sdk.views.metadata_diff import MetadataDiff
from provena_sdk.workflows.datastore import fetch_dataset
from provena_sdk.workflows.permission import call_on
from provena_sdk.workflows.registry.agents import named_agents

_NO_FIELD: Final = re.compile(r"'(?P<model>\w+)' object has no attribute '(?P<field>\w{1,60})'")


@dataclass(frozen=True, slots=True)
class Draft:
    """New metadata of a dataset, ready to be sent.

    Attributes:
        base: The dataset as it was fetched.
        metadata: All of its new metadata.
        reason: Why, for the history.
        changes: What differs.
    """

    base: RegistryFetchResponse
    metadata: CollectionFormat
    reason: str
    changes: MetadataDiff


def editable(item: ItemDataset | DatasetDomainInfo) -> CollectionFormat:
    """Return a copy of a dataset's metadata without the version, which the service may send but does not take."""
    metadata = copy.deepcopy(item.collection_format)
    metadata.dataset_info.version = None
    return metadata


def replace(edited: CollectionFormat, given: object, argument: str) -> None:
    """Check new metadata, and write them into those that are being edited.

    Raises:
        InvalidMetadata: The service would refuse them.
    """
    new = dataset_metadata.sources.dataset_metadata(argument, given, served=edited)
    for part in fields_dict(CollectionFormat):
        setattr(edited, part, getattr(new, part))


def assign(edited: CollectionFormat, assignments: Iterable[str]) -> None:
    """Replace single fields of metadata that are being edited, each written as ``field=value``."""
    replace(edited, dataset_metadata.changes.assigned(edited.to_dict(), assignments), "assignments")


def merge(edited: CollectionFormat, merge_patch: object) -> None:
    """Apply a JSON merge patch to metadata that are being edited."""
    replace(
        edited, dataset_metadata.changes.merged(edited.to_dict(), _patch_data(merge_patch)), "merge_patch"
    )


def suggest_field(error: BaseException | None) -> None:
    """Add a note to the error of a field that metadata do not have: the one that was probably meant."""
    # Python itself makes a suggestion if the error has the name of the attribute.
    if not isinstance(error, AttributeError) or error.name is not None:
        return
    found = _NO_FIELD.fullmatch(str(error))
    model = None if found is None else getattr(models, found["model"], None)
    if found is None or model is None or not has(model):
        return
    close = dataset_metadata.checks.known_name(found["field"], dataset_metadata.checks.fields(model))
    if close is not None:
        error.add_note(f"Did you mean {quoted(close)}?")


def drafted(base: RegistryFetchResponse, reason: str, metadata: object) -> Workflow[Draft]:
    """Check new metadata, and find out what they change.

    Raises:
        InvalidArgument: The reason or the metadata is malformed.
        NameNotFound: The metadata has a name that no organisation or person has.
    """
    checked = arguments.text("reason", reason)
    served = editable(base.item)
    body = yield from named_agents(
        dataset_metadata.sources.dataset_metadata("metadata", metadata, served=served)
    )
    found = changes(served.to_dict(), body.to_dict())
    return Draft(base, body, checked, MetadataDiff(found, f"dataset {base.item.id}: {printable(checked)}"))


def with_changed_fields(dataset_id: str, reason: str, fields: Mapping[str, object]) -> Workflow[Draft]:
    """Fetch a dataset's metadata and replace single fields."""
    data: dict[str, Any] = {}
    for name, value in fields.items():
        data |= arguments.json_data(name, {name: value})
    return (
        yield from _changed(
            dataset_id, reason, lambda metadata: dataset_metadata.changes.with_fields(metadata, data)
        )
    )


def with_patch(dataset_id: str, reason: str, merge_patch: object) -> Workflow[Draft]:
    """Fetch a dataset's metadata and apply a JSON merge patch."""
    data = _patch_data(merge_patch)
    return (
        yield from _changed(
            dataset_id, reason, lambda metadata: dataset_metadata.changes.merged(metadata, data)
        )
    )


def _patch_data(merge_patch: object) -> dict[str, Any]:
    argument = "merge_patch"
    if isinstance(merge_patch, str | os.PathLike):
        return dataset_metadata.sources.read_file(argument, Path(merge_patch)).data
    return arguments.json_data(argument, merge_patch)


def _changed(
    dataset_id: str, reason: str, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> Workflow[Draft]:
    arguments.text("reason", reason)
    answer = yield from fetch_dataset("dataset_id", dataset_id)
    return (yield from drafted(answer, reason, change(editable(answer.item).to_dict())))


def compared(draft: Draft) -> Workflow[None]:
    """Fetch the dataset again, and compare its metadata with those that the draft is based on.

    Raises:
        MetadataChanged: Somebody else has changed them.
    """
    base = draft.base.item
    if not draft.changes:
        return
    now = (yield from fetch_dataset("dataset_id", base.id)).item
    found = changes(base.collection_format.to_dict(), now.collection_format.to_dict())
    if not found:
        return
    last = max(now.history, key=lambda state: state.id, default=None)
    raise MetadataChanged(
        f"Dataset {base.id} was changed {_by(last)}since it was fetched; your change was not sent.",
        dataset_id=base.id,
        theirs=MetadataDiff(found, f"dataset {base.id}: changed meanwhile"),
        yours=draft.changes,
        hint="Repeat the edit, which then begins with the new metadata; print(error.theirs) shows what changed.",
    )


def sent(draft: Draft) -> Workflow[RegistryFetchResponse | None]:
    """Send the new metadata, unless they change nothing, and fetch the dataset as it is then.

    Returns:
        The dataset; None if it could not be fetched after the change.
    """
    if not draft.changes:
        return draft.base
    handle = draft.base.item.id
    update = catalogue.datastore.UPDATE_METADATA
    yield from call_on(update.about(handle, handle_id=handle, reason=draft.reason, body=draft.metadata))
    try:
        answer = yield from fetch_dataset("dataset_id", handle)
    except ProvenaError:
        # A failure to look must not seem one of the change, which was made.
        return None
    _warn_of_replaced(draft, answer.item)
    return answer


def _warn_of_replaced(draft: Draft, now: ItemDataset) -> None:
    """Warn if somebody else's change came between the last look and the update, which has replaced it."""
    base = draft.base.item
    newest = max((state.id for state in base.history), default=-1)
    later = sorted((state for state in now.history if state.id > newest), key=lambda state: state.id)
    before, after = editable(base).to_dict(), draft.metadata.to_dict()
    found = [editable(state.item).to_dict() for state in later]
    ours = max((place for place, data in enumerate(found) if not changes(after, data)), default=None)
    if ours is None:
        # The only new state is ours, even if the service has made something else of what was sent.
        if [state.reason for state in later] != [draft.reason]:
            warn(
                f"The history of dataset {now.id} does not show your change as it was sent: others may have changed "
                "it at the same moment. print(ds.history) shows who changed what."
            )
        return
    for state, data in zip(later[:ours], found, strict=False):
        if changes(before, data) and changes(after, data):
            warn(
                f"Dataset {now.id} was changed {_by(state)}at the same moment, and your change replaced it. "
                f"ds.diff({newest}, {state.id}) shows what it was."
            )


def _by(state: HistoryEntryDatasetDomainInfo | None) -> str:
    if state is None:
        return ""
    time = shown_time(moment(state.timestamp))
    return f"by {printable(state.username, 60)}{f' on {time}' if time else ''} ({quoted(state.reason, 100)}) "
