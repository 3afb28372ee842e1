"""Workflows for model runs: what their templates ask for, what a record lacks, and its registration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from provena_api.models import AssociationInfo, ItemDatasetTemplate, ModelRunRecord, TemplatedDataset

from provena_sdk.display.text import alternatives, printable
from provena_sdk.errors import (
    BadRequest,
    InvalidArgument,
    ModelRunIncomplete,
    OutcomeUnknown,
    PersonNotLinked,
    ProvenaError,
    UnreadableAnswer,
)
from provena_sdk.operations import arguments, catalogue
from provena_sdk.operations.workflow import Workflow, call, gather, handle_of
from provena_sdk.workflows.registry.agents import ORGANISATION, PERSON
from provena_sdk.workflows.registry.naming import reference

_KIND: Final = "MODEL_RUN_WORKFLOW_TEMPLATE"


@dataclass(frozen=True, slots=True)
class Slot:
    """A dataset that a template asks for.

    Attributes:
        template_id: Handle of the dataset template that the dataset follows.
        name: The dataset template's name.
        optional: Whether a run may do without such a dataset.
        resources: The keys of the files whose paths each run states, and whether a run may do without.
    """

    template_id: str
    name: str
    optional: bool
    resources: Mapping[str, bool]

    def __str__(self) -> str:
        return f"{printable(self.name, 60)!r} ({printable(self.template_id, 60)})"

    def __repr__(self) -> str:
        return f"<Slot {self}>"


@dataclass(frozen=True, slots=True)
class RunTemplate:
    """A template of model runs.

    Attributes:
        id: Its handle.
        name: Its name.
        inputs: The datasets that a run uses.
        outputs: The datasets that a run makes.
        annotations: The keys of the annotations that a run must have.
    """

    id: str
    name: str
    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]
    annotations: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<RunTemplate {printable(self.id, 60)}: {printable(self.name, 100)}>"


def begin(template: object, associations: object) -> Workflow[tuple[RunTemplate, AssociationInfo]]:
    """Fetch a run's template, and find out whose run it is."""
    handle = yield from handle_of("template", template)
    people = yield from _associations(associations)
    return (yield from _template(handle)), people


def register(template: RunTemplate, record: ModelRunRecord) -> Workflow[str]:
    """Register a run, unless something is missing, and return the session id of the job."""
    problems = list(problems_of(template, record))
    if problems:
        raise ModelRunIncomplete(
            f"The model run {printable(record.display_name, 60)!r} was not registered: {'; '.join(problems)}.",
            problems=problems,
            hint="Add what is missing with run.input(...) and run.output(...), then call run.register().",
        )
    try:
        return (yield from call(catalogue.prov.REGISTER_MODEL_RUN(body=record))).session_id
    except OutcomeUnknown as error:
        error.hint = "provena.jobs.list() shows whether there is a job for it."
        raise
    except BadRequest as error:
        refused = error
    raise BadRequest(
        f"The service refused the model run: {refused.detail}",
        operation=refused.operation,
        status=refused.status,
        detail=refused.detail,
    ) from refused


def run_id(result: Mapping[str, Any] | None) -> str:
    """Return a run's handle from the result of its job."""
    try:
        return str((result or {})["record"]["id"])
    except (KeyError, TypeError) as error:
        raise UnreadableAnswer(
            "The job that registered the model run names no handle.",
            operation=catalogue.job.GET_JOB.name,
            status=200,
        ) from error


def problems_of(template: RunTemplate, record: ModelRunRecord) -> Iterator[str]:
    """Yield everything that a record lacks, by the service's own rules, of which it names only the first."""
    for end, slots, datasets in (
        ("input", template.inputs, record.inputs),
        ("output", template.outputs, record.outputs),
    ):
        given = {dataset.dataset_template_id for dataset in datasets}
        for slot in slots:
            if not slot.optional and slot.template_id not in given:
                yield f"no {end} follows the dataset template {slot}"
        by_template = {slot.template_id: slot for slot in slots}
        for dataset in datasets:
            yield from _resource_problems(end, dataset, by_template[dataset.dataset_template_id])
    for key in template.annotations:
        if key not in (record.annotations or {}):
            yield f"the annotation {printable(key, 60)!r} is missing"


def _resource_problems(end: str, dataset: TemplatedDataset, slot: Slot) -> Iterator[str]:
    given = dataset.resources or {}
    for key, optional in slot.resources.items():
        if not optional and key not in given:
            yield f"the {end} {dataset.dataset_id} states no path for the resource {printable(key, 60)!r}"
    for key in given:
        if key not in slot.resources:
            resource = printable(key, 60)
            yield f"the dataset template {slot} of the {end} {dataset.dataset_id} has no resource {resource!r}"


def chosen_slot(slots: Iterable[Slot], template: str | None) -> Slot:
    """Return the slot that a dataset is meant for.

    Args:
        slots: The template's inputs or outputs.
        template: Handle or name of the dataset template; None if there is only one.

    Raises:
        InvalidArgument: There is no such dataset template, or there are several to choose from.
    """
    known = list(slots)
    matching = [slot for slot in known if template is None or template in (slot.template_id, slot.name)]
    if len(matching) == 1:
        return matching[0]
    if not known:
        raise InvalidArgument("dataset", "the run's template has no place for it.")
    if template is None:
        listed = ", ".join(map(str, known))
        raise InvalidArgument("template", f"is missing: the dataset may follow {listed}.")
    names = alternatives(slot.name for slot in known)
    raise InvalidArgument("template", f"must be {names} or a handle of one, not {printable(template, 60)!r}.")


def _associations(given: object) -> Workflow[AssociationInfo]:
    """Return whose run it is; by default the person that the user's account is linked to."""
    fields = {} if given is None else arguments.json_data("associations", given)
    if not fields.get("modeller_id"):
        linked = (yield from call(catalogue.auth.LOOKUP_LINK())).person_id
        if linked is None:
            raise PersonNotLinked(
                "Your account is not linked to a Person in the registry.",
                operation=catalogue.auth.LOOKUP_LINK.name,
                status=200,
                hint="Link one with provena.people.link_me(...), or name the modeller in associations.",
            )
        fields["modeller_id"] = linked
    found = arguments.parse("associations", AssociationInfo, fields)
    found.modeller_id = yield from reference(PERSON, "associations.modeller_id", found.modeller_id)
    if found.requesting_organisation_id is not None:
        found.requesting_organisation_id = yield from reference(
            ORGANISATION, "associations.requesting_organisation_id", found.requesting_organisation_id
        )
    return found


def _template(handle: str) -> Workflow[RunTemplate]:
    row = (yield from call(catalogue.registry.FETCH_ITEM.about(handle, id=handle))).item
    kind = str(row.get("item_subtype"))
    if kind != _KIND:
        words = printable(kind.replace("_", " ").lower(), 40)
        raise InvalidArgument("template", f"must be a model run workflow template; {handle} is a {words}.")
    try:
        asked = [
            [(str(entry["template_id"]), bool(entry.get("optional"))) for entry in row.get(name) or ()]
            for name in ("input_templates", "output_templates")
        ]
        annotations = tuple(map(str, (row.get("annotations") or {}).get("required") or ()))
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadableAnswer(
            f"The template {handle} does not match the interface.",
            operation=catalogue.registry.FETCH_ITEM.name,
            status=200,
            hint="The service may be newer than this SDK; check for an update.",
        ) from error
    found = yield from _dataset_templates({id for entries in asked for id, _ in entries})
    inputs, outputs = (tuple(_slot(found[id], optional) for id, optional in entries) for entries in asked)
    return RunTemplate(handle, str(row.get("display_name") or handle), inputs, outputs, annotations)


def _slot(template: ItemDatasetTemplate, optional: bool) -> Slot:
    resources = {resource.key: bool(resource.optional) for resource in template.deferred_resources}
    return Slot(template.id, template.display_name, optional, resources)


def _dataset_templates(handles: set[str]) -> Workflow[dict[str, ItemDatasetTemplate]]:
    asked = sorted(handles)
    outcomes = yield from gather([_dataset_template(handle) for handle in asked])
    found = {}
    for handle, outcome in zip(asked, outcomes, strict=True):
        if isinstance(outcome, ProvenaError):
            raise outcome
        found[handle] = outcome
    return found


def _dataset_template(handle: str) -> Workflow[ItemDatasetTemplate]:
    row = (yield from call(catalogue.registry.FETCH_ITEM.about(handle, id=handle))).item
    return arguments.parse("template", ItemDatasetTemplate, row)
