"""The work behind the services: jobs that write activities into the registry and the provenance graph."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from provena_sdk.sandbox.data.faults import Faults
from provena_sdk.sandbox.data.items import Item
from provena_sdk.sandbox.data.jobs import Job, JobFailed, Jobs
from provena_sdk.sandbox.data.registry import State
from provena_sdk.sandbox.data.storage import Storage
from provena_sdk.sandbox.work.activities import creation_links, prov_json, run_links, version_links
from provena_sdk.sandbox.work.lineage import Lineage, Link
from provena_sdk.sandbox.work.report import write_report
from provena_sdk.sandbox.work.run_rules import first_flaw

REPORT_FILE: Final = "report.docx"
_REPORT_SECONDS: Final = 3600
_RUNS: Final = ("MODEL_RUN", "STUDY")
_FIRST: Final = "Initial record creation"
# Stands for the caller, whom the services encrypt.
_CALLER: Final = {"user_info": "sandbox"}
_GRAPH_DOWN: Final = (
    "Failed to lodge generated prov document into the Provenance graph database. Error: "
    "Couldn't connect to host:7687"
)


class Work:
    """Jobs, and the provenance graph that they fill.

    Args:
        state: The registry's items and the accounts.
        storage: The store for reports.
        faults: The jobs that are to fail, and outages.
        seconds: How long a job takes; None stops all work.
    """

    def __init__(self, state: State, storage: Storage, faults: Faults, seconds: float | None) -> None:
        self.jobs = Jobs(state.clock, seconds)
        self.lineage = Lineage()
        self._state = state
        self._storage = storage
        self._faults = faults
        self._handlers: dict[str, Callable[[Job], dict[str, Any]]] = {
            "REGISTER_CREATE_ACTIVITY": self._register_creation,
            "LODGE_CREATE_ACTIVITY": self._lodge_creation,
            "REGISTER_VERSION_ACTIVITY": self._register_version,
            "LODGE_VERSION_ACTIVITY": self._lodge_version,
            "MODEL_RUN_PROV_LODGE": self._register_run,
            "MODEL_RUN_BATCH_SUBMIT": self._submit_runs,
            "MODEL_RUN_LODGE_ONLY": self._lodge_run,
            "MODEL_RUN_UPDATE": self._update_run,
            "GENERATE_REPORT": self._report,
            "REGISTRY_WAKE_UP": lambda _: {},
        }

    def catch_up(self) -> None:
        """Do all work that should be done by now."""
        while self.jobs.is_due():
            self.jobs.end_next(self._perform)

    def clear(self) -> None:
        """Forget every job and the graph."""
        self.jobs.clear()
        self.lineage.clear()

    def record_creation(self, item: Item, *, ago: float = 0.0) -> str:
        """Submit the job that records who created an item, some seconds ago, and return its session id."""
        payload = {
            "created_item_id": item.id,
            "created_item_subtype": item.subtype,
            "linked_person_id": self._state.linked_person(item.owner),
        }
        at = self._state.clock.now() - ago
        return self.jobs.submit(item.owner, "REGISTER_CREATE_ACTIVITY", payload, at=at).session_id

    def record_old_creation(self, item: Item) -> str | None:
        """Submit the same job long enough ago to be done; None without a person whom it would name."""
        if self._state.linked_person(item.owner) is None:
            return None
        return self.record_creation(item, ago=2 * (self.jobs.seconds or 0.0))

    def record_version(self, old: Item, new: Item) -> str:
        """Submit the job that records that an item is a new version of another, and return its session id."""
        payload = {
            "reason": new.versioning["reason"],
            "version_number": new.versioning["version"],
            "from_version_id": old.id,
            "to_version_id": new.id,
            "linked_person_id": self._state.linked_person(new.owner),
            "item_subtype": new.subtype,
        }
        return self.jobs.submit(new.owner, "REGISTER_VERSION_ACTIVITY", payload).session_id

    def submit(self, username: str, sub_type: str, **payload: Any) -> str:
        """Submit a job of the prov service, and return its session id."""
        return self.jobs.submit(username, sub_type, {**payload, **_CALLER}).session_id

    def _perform(self, job: Job) -> dict[str, Any]:
        failure = self._faults.job_failure(job.sub_type)
        if failure is not None:
            raise JobFailed(failure)
        return self._handlers[job.sub_type](job)

    def _register_creation(self, job: Job) -> dict[str, Any]:
        created = job.payload["created_item_id"]
        body = {"display_name": f"Created item {created}", "created_item_id": created}
        activity = self._add_activity("CREATE", job, body)
        payload = {
            "created_item_id": created,
            "creation_activity_id": activity.id,
            "linked_person_id": job.payload["linked_person_id"],
            "created_item_subtype": job.payload["created_item_subtype"],
        }
        lodge = self._then(job, "LODGE_CREATE_ACTIVITY", payload)
        return {"creation_activity_id": activity.id, "lodge_session_id": lodge.session_id}

    def _register_version(self, job: Job) -> dict[str, Any]:
        old, new = job.payload["from_version_id"], job.payload["to_version_id"]
        number = job.payload["version_number"]
        body = {
            "display_name": f"(V{number}) Version from {old} to {new}",
            "reason": job.payload["reason"],
            "from_item_id": old,
            "to_item_id": new,
            "new_version_number": number,
        }
        activity = self._add_activity("VERSION", job, body)
        payload = {
            "from_version_id": old,
            "to_version_id": new,
            "version_activity_id": activity.id,
            "linked_person_id": job.payload["linked_person_id"],
            "item_subtype": job.payload["item_subtype"],
        }
        lodge = self._then(job, "LODGE_VERSION_ACTIVITY", payload)
        return {"version_activity_id": activity.id, "lodge_session_id": lodge.session_id}

    def _lodge_creation(self, job: Job) -> dict[str, Any]:
        self._lodge(job.payload["creation_activity_id"], creation_links(job.payload))
        return {}

    def _lodge_version(self, job: Job) -> dict[str, Any]:
        self._lodge(job.payload["version_activity_id"], version_links(job.payload))
        return {}

    def _register_run(self, job: Job) -> dict[str, Any]:
        record = job.payload["record"]
        flaw = first_flaw(record, self._state.items.get) if job.payload["revalidate"] else None
        if flaw is not None:
            raise JobFailed(f"Failed to validate an entity's ID in the record, error: {flaw}.")
        run = self._add_activity("MODEL_RUN", job, {"display_name": record["display_name"]})
        return self._write_run(run, record, _FIRST, job)

    def _submit_runs(self, job: Job) -> dict[str, Any]:
        batch = str(uuid.uuid4())
        for record in job.payload["records"]:
            payload = {"record": record, "revalidate": True, **_CALLER}
            self._then(job, "MODEL_RUN_PROV_LODGE", payload, batch_id=batch)
        return {"batch_id": batch}

    def _lodge_run(self, job: Job) -> dict[str, Any]:
        run = self._run(job.payload["model_run_record_id"], "MODEL_RUN")
        return self._write_run(run, job.payload["record"], "Linking model run to study.", job)

    def _update_run(self, job: Job) -> dict[str, Any]:
        run = self._run(job.payload["model_run_record_id"], "MODEL_RUN")
        return self._write_run(run, job.payload["updated_record"], job.payload["reason"], job)

    def _write_run(self, run: Item, record: Mapping[str, Any], reason: str, job: Job) -> dict[str, Any]:
        template = self._state.items[record["workflow_template_id"]]
        links = run_links(run.id, record, template.body["software_id"])
        document = prov_json(links)
        self._lodge(run.id, links)
        run.body = {
            "display_name": record["display_name"],
            "user_metadata": None,
            "record_status": "LODGED",
            "record": dict(record),
            "prov_serialisation": document,
        }
        if reason == _FIRST:
            run.history.clear()
        run.record(reason, job.username, int(self.jobs.ends(job)))
        self._state.put(run)
        return {"record": {"id": run.id, "prov_json": document, "record": dict(record)}}

    def _report(self, job: Job) -> dict[str, Any]:
        handle, depth = self._run(job.payload["id"], job.payload["item_subtype"]).id, job.payload["depth"]
        links = self.lineage.explore(handle, "upstream", depth) | self.lineage.explore(
            handle, "downstream", 1
        )
        names = {node.id: self._name(node.id) for link in links for node in (link.source, link.target)}
        try:
            self._storage.put(handle, REPORT_FILE, write_report(self._name(handle), names))
            return {"report_url": self._storage.presigned(handle, REPORT_FILE, _REPORT_SECONDS)}
        except OSError as error:  # an external store may not answer
            raise JobFailed(f"Job failed, err: {error}.") from error

    def _run(self, handle: str, subtype: str) -> Item:
        if subtype not in _RUNS:
            raise JobFailed(
                f"Job failed, err: Unsupported item subtype for validation. Received subtype {subtype}, but the "
                f"supported subtypes are {','.join(_RUNS)}."
            )
        item = self._state.items.get(handle)
        if item is None or item.subtype != subtype:
            raise JobFailed(
                f"Job failed, err: Validation error with provided {subtype}: {handle} is not one."
            )
        return item

    def _name(self, handle: str) -> str:
        item = self._state.items.get(handle)
        return handle if item is None else item.display_name or handle

    def _add_activity(self, subtype: str, job: Job, body: dict[str, Any]) -> Item:
        if "registry" in self._faults.outages:
            raise JobFailed("Job failed, err: the registry does not respond.")
        at = int(self.jobs.ends(job))
        item = Item(self._state.new_activity_handle(), subtype, job.username, at, at, body=body)
        item.record(_FIRST, job.username, at)
        return self._state.put(item)

    def _lodge(self, activity: str, links: list[Link]) -> None:
        if "graph" in self._faults.outages:
            raise JobFailed(f"Job failed, err: {_GRAPH_DOWN}.")
        self.lineage.lodge(activity, links)

    def _then(self, job: Job, sub_type: str, payload: dict[str, Any], *, batch_id: str | None = None) -> Job:
        return self.jobs.submit(job.username, sub_type, payload, at=self.jobs.ends(job), batch_id=batch_id)
