"""Registering model runs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Protocol, Self

from provena_api.models import AssociationInfo, DatasetType, ModelRunRecord, TemplatedDataset

from provena_sdk.display.text import printable
from provena_sdk.errors import ProvenaError
from provena_sdk.operations import arguments, handles
from provena_sdk.operations.arguments import JsonSource
from provena_sdk.resources.provenance.jobs import Jobs
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transport.http import Transport
from provena_sdk.workflows.provenance import model_runs
from provena_sdk.workflows.provenance.jobs import noted
from provena_sdk.workflows.provenance.model_runs import RunTemplate, Slot


class HasDatasetId(Protocol):
    """A dataset, such as an ``InteractiveDataset``."""

    dataset_id: str


@short_tracebacks
class ModelRun:
    """One run of a model, as ``provena.model_run(...)`` makes it: a context manager.

    The template is fetched at the beginning of the block. At its end, the run is registered and its job waited for;
    after an error in the block, nothing is registered.

    Attributes:
        template: What the run's template asks for; None before the block.
        annotations: The annotations, by key; they can be changed in the block.
        session_id: Id of the job; None until the run is registered.
        id: The run's handle; None until the job has succeeded.
    """

    def __init__(
        self,
        transport: Transport,
        template: str,
        *,
        name: str,
        description: str,
        associations: AssociationInfo | JsonSource | None,
        annotations: Mapping[str, str] | None,
        model_version: str | None,
        study_id: str | None,
        timeout: float | None,
        progress: bool | None,
    ) -> None:
        self._transport = transport
        self._jobs = Jobs(transport)
        self._template_id = template
        self._associations = associations
        self._timeout = timeout if timeout is None else arguments.seconds("timeout", timeout)
        self._progress = progress
        self._name = arguments.text("name", name)
        self._description = arguments.text("description", description)
        self._model_version = model_version
        self._study_id = None if study_id is None else self._handle("study_id", study_id)
        self._inputs: list[TemplatedDataset] = []
        self._outputs: list[TemplatedDataset] = []
        self._begun_at = 0
        self._people: AssociationInfo | None = None
        self.template: RunTemplate | None = None
        self.annotations: dict[str, str] = dict(annotations or {})
        self.session_id: str | None = None
        self.id: str | None = None

    def input(
        self,
        dataset: str | HasDatasetId,
        *,
        template: str | None = None,
        resources: Mapping[str, str] | None = None,
    ) -> None:
        """Add a dataset that the run uses.

        Args:
            dataset: The dataset, or its handle.
            template: Handle or name of the dataset template that it follows; None if the run's template has only one
                for inputs.
            resources: Paths in the dataset, by the keys of the dataset template's deferred resources.

        Raises:
            InvalidArgument: It is not a handle, or ``template`` is missing or unknown.
            ProvenaError: The block has not begun, or the run is registered already.
        """
        self._inputs.append(self._templated(self._ready()[0].inputs, dataset, template, resources))

    def output(
        self,
        dataset: str | HasDatasetId,
        *,
        template: str | None = None,
        resources: Mapping[str, str] | None = None,
    ) -> None:
        """Add a dataset that the run makes.

        Args:
            dataset: The dataset, or its handle.
            template: Handle or name of the dataset template that it follows; None if the run's template has only one
                for outputs.
            resources: Paths in the dataset, by the keys of the dataset template's deferred resources.

        Raises:
            InvalidArgument: It is not a handle, or ``template`` is missing or unknown.
            ProvenaError: The block has not begun, or the run is registered already.
        """
        self._outputs.append(self._templated(self._ready()[0].outputs, dataset, template, resources))

    def register(self) -> None:
        """Register the run and wait for its job, as the end of the block does; for another attempt after an error.

        Raises:
            ModelRunIncomplete: Something that the template asks for is missing; ``problems`` lists all of it.
            BadRequest: A dataset or a person does not exist.
            RoleMissing: You lack the role ``entity-registry-write``.
            OutcomeUnknown: The service failed, or its answer was lost: the run may be registered nevertheless.
            JobFailed: The job failed.
            JobTimedOut: The job did not end in time; it continues.
        """
        template, people = self._ready()
        record = ModelRunRecord(
            workflow_template_id=template.id,
            inputs=self._inputs,
            outputs=self._outputs,
            display_name=self._name,
            description=self._description,
            associations=people,
            start_time=self._begun_at,
            end_time=max(self._begun_at, int(time.time())),
            annotations=self.annotations or None,
            model_version=self._model_version,
            study_id=self._study_id,
        )
        self.session_id = self._transport.run(model_runs.register(template, record))
        with noted(f"The model run was submitted as job {self.session_id}."):
            job = self._jobs.wait(self.session_id, timeout=self._timeout, progress=self._progress)
        self.id = model_runs.run_id(job.result)

    def __enter__(self) -> Self:
        for service in ("prov", "job"):
            # Fails before the model is run, if there is no such service.
            self._transport.deployment.url_of(service)
        self.template, self._people = self._transport.run(
            model_runs.begin(self._template_id, self._associations)
        )
        self._begun_at = int(time.time())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and self.session_id is None:
            self.register()

    def __repr__(self) -> str:
        state = printable(self.id or "", 60) or ("registering" if self.session_id else "not registered")
        counts = f"{len(self._inputs)} in, {len(self._outputs)} out"
        return f"<{type(self).__name__} {printable(self._name, 60)!r}: {counts}, {state}>"

    def _ready(self) -> tuple[RunTemplate, AssociationInfo]:
        if self.template is None or self._people is None:
            raise ProvenaError(
                "The model run has not begun.", hint="Write: with provena.model_run(...) as run:"
            )
        if self.session_id is not None:
            raise ProvenaError(
                f"The model run is registered already, by job {self.session_id}.",
                hint="Make a new one with provena.model_run(...).",
            )
        return self.template, self._people

    def _templated(
        self,
        slots: tuple[Slot, ...],
        dataset: str | HasDatasetId,
        template: str | None,
        resources: Mapping[str, str] | None,
    ) -> TemplatedDataset:
        handle = dataset if isinstance(dataset, str) else getattr(dataset, "dataset_id", dataset)
        return TemplatedDataset(
            dataset_id=self._handle("dataset", handle),
            dataset_template_id=model_runs.chosen_slot(slots, template).template_id,
            dataset_type=DatasetType.DATA_STORE,
            resources=dict(resources) if resources else None,
        )

    def _handle(self, argument: str, value: object) -> str:
        return handles.handle(argument, value, domain=self._transport.deployment.domain)
