"""Rules for the records of model runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from provena_sdk.sandbox.data.items import Item

Record = Mapping[str, Any]
Find = Callable[[str], "Item | None"]


def first_flaw(record: Record, find: Find) -> str | None:
    """Return the first flaw of a well-formed record, in the service's words; None if there is none.

    Args:
        record: The record of a model run.
        find: Returns an item of the registry.
    """
    return next(_flaws(record, find), None)


def _flaws(record: Record, find: Find) -> Iterator[str]:
    if record["end_time"] < record["start_time"]:
        yield "The end time cannot be before the start time of a model run"
    for name, label in (("display_name", "Display name"), ("description", "Description")):
        if not record[name]:
            yield f"{label} cannot be empty string"
    workflow = "Provided model run workflow definition"
    if record["study_id"] is not None:
        yield from _not_an_item(workflow, record["study_id"], "STUDY", find)
    yield from _not_an_item(workflow, record["workflow_template_id"], "MODEL_RUN_WORKFLOW_TEMPLATE", find)
    template = _body(find, record["workflow_template_id"])
    yield from _template_flaws(record, template, find)
    yield from _association_flaws(record, template, find)
    needed = set((template["annotations"] or {}).get("required") or ())
    absent = sorted(needed - set(record["annotations"] or ()))
    if absent:
        yield f"Missing required annotations with keys: ({','.join(absent)})."


def _template_flaws(record: Record, template: Mapping[str, Any], find: Find) -> Iterator[str]:
    for entry in (*template["input_templates"], *template["output_templates"]):
        where = "(associated with the workflow def.) "
        yield from _not_an_item(
            "Provided dataset template", entry["template_id"], "DATASET_TEMPLATE", find, where
        )
    for end in ("input", "output"):
        given = {dataset["dataset_template_id"] for dataset in record[f"{end}s"]}
        for entry in template[f"{end}_templates"]:
            if not entry["optional"] and entry["template_id"] not in given:
                yield (
                    f"The workflow definition expects dataset with template ID {entry['template_id']} but it was not "
                    f"present in the {end}s."
                )
    known = {entry["template_id"] for end in ("input", "output") for entry in template[f"{end}_templates"]}
    for end in ("input", "output"):
        for dataset in record[f"{end}s"]:
            if dataset["dataset_template_id"] not in known:
                yield (
                    f"An {end} template in the payload (id: {dataset['dataset_template_id']}) does not exist in the "
                    f"workflow definition's list of expected/required {end} dataset templates. Check your workflow "
                    f"definition and provided {end} dataset templates are correct."
                )
            for reason in _dataset_flaws(dataset, find):
                yield (
                    f"An {end} dataset validation process failed, type DatasetType.{dataset['dataset_type']}, "
                    f"template id {dataset['dataset_template_id']}, reason {reason}."
                )


def _dataset_flaws(dataset: Mapping[str, Any], find: Find) -> Iterator[str]:
    yield from _not_an_item("Input dataset", dataset["dataset_id"], "DATASET", find)
    resources = _body(find, dataset["dataset_template_id"])["deferred_resources"]
    needed = {resource["key"] for resource in resources if not resource["optional"]}
    given = set(dataset["resources"] or ())
    start = (
        f"The provided templated dataset with id {dataset['dataset_template_id']} and dataset id "
        f"{dataset['dataset_id']}"
    )
    if needed - given:
        absent = ",".join(sorted(needed - given))
        yield f"{start} was missing deferred resource paths for the following required resource keys ({absent})."
    extra = given - {resource["key"] for resource in resources}
    if extra:
        yield (
            f"{start} provided unexpected deferred resource paths for the following unexpected resource keys "
            f"({','.join(sorted(extra))})."
        )


def _association_flaws(record: Record, template: Mapping[str, Any], find: Find) -> Iterator[str]:
    associations = record["associations"]
    for label, noun, subtype, handle in (
        ("Model", "model", "MODEL", template["software_id"]),
        ("Modeller", "person", "PERSON", associations["modeller_id"]),
        ("Organisation", "organisation", "ORGANISATION", associations["requesting_organisation_id"]),
    ):
        where = " (associated with workflow definition)" if label == "Model" else ""
        error = None if handle is None else _error(handle, subtype, find)
        if error is not None:
            yield f"{label} with id {handle}{where} was not a valid {noun}, error: {error}."


def _not_an_item(what: str, handle: str, subtype: str, find: Find, where: str = "") -> Iterator[str]:
    item = find(handle)
    error = _error(handle, subtype, find)
    start = f"{what} with id {handle} {where}".rstrip()
    if item is not None and item.kind == "seed":
        yield f"{start} is an incomplete seed record."
    elif error is not None:
        yield f"{start} was not a valid id, error: {error}"


def _error(handle: str, subtype: str, find: Find) -> str | None:
    item = find(handle)
    if item is None:
        details = (
            f'Could not find the given key ({handle}) in the registry. Details "Failed to find item. Is the ID '
            f"('{handle}') correct and in the database?\"."
        )
    elif item.subtype != subtype:
        details = "The record was found but could not parsed as an appropriate type."
    else:
        return None
    return f"Failed to retrieve item with details: {details}."


def _body(find: Find, handle: str) -> Mapping[str, Any]:
    item = find(handle)
    return {} if item is None else item.body
