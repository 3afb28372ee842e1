"""Model runs."""

from __future__ import annotations

from typing import Any, Final

from provena_sdk.sandbox.data.items import READERS, Item
from provena_sdk.sandbox.data.users import READ, WRITE, Identity
from provena_sdk.sandbox.http.server import Response, json_response
from provena_sdk.sandbox.http.validation import text_parameter
from provena_sdk.sandbox.serving.service import Call, Deployment, Refused, Service
from provena_sdk.sandbox.work.run_rules import first_flaw

_DISPATCHED: Final = {
    "success": True,
    "details": "Job dispatched, monitor session ID using the job API to see progress.",
}
_LINKED: Final = {
    "success": True,
    "details": "Succesfully linked model run and study together in the registry and lodged a job for the provenance "
    "graph update with given session ID.",
}


class ModelRuns:
    """The routes below ``/model_run``."""

    def __init__(self, service: Service) -> None:
        self._deployment: Deployment = service.deployment
        roles = [READ, WRITE]
        service.route("POST", "/model_run/register", self._register, roles, body="ModelRunRecord")
        batch = "RegisterBatchModelRunRequest"
        service.route("POST", "/model_run/register_batch", self._register_batch, roles, body=batch)
        service.route("POST", "/model_run/update", self._update, roles, body="PostUpdateModelRunInput")
        ends = {"model_run_id": (text_parameter, True), "study_id": (text_parameter, True)}
        service.route("POST", "/model_run/edit/link_to_study", self._link, roles, query=ends)

    def _register(self, call: Call) -> Response:
        self._check(call.body, call.identity)
        session = self._submit(call, "MODEL_RUN_PROV_LODGE", record=call.body, revalidate=False)
        return json_response({"status": _DISPATCHED, "session_id": session})

    def _register_batch(self, call: Call) -> Response:
        session = self._submit(call, "MODEL_RUN_BATCH_SUBMIT", records=call.body["records"])
        return json_response({"status": _DISPATCHED, "session_id": session})

    def _update(self, call: Call) -> Response:
        record = call.body["record"]
        self._check(record, call.identity)
        changed = {"model_run_record_id": call.body["model_run_id"], "updated_record": record}
        reason = call.body["reason"]
        session = self._submit(call, "MODEL_RUN_UPDATE", **changed, reason=reason, revalidate=True)
        return json_response({"session_id": session})

    def _link(self, call: Call) -> Response:
        run = self._item(call.query["model_run_id"], "MODEL_RUN")
        study = self._item(call.query["study_id"], "STUDY")
        record = {**run.body["record"], "study_id": study.id}
        changed = {"model_run_record_id": run.id, "record": record}
        session = self._submit(call, "MODEL_RUN_LODGE_ONLY", **changed, revalidate=False)
        ends = {"model_run_id": run.id, "study_id": study.id}
        return json_response({"status": _LINKED, **ends, "session_id": session})

    def _item(self, handle: str, subtype: str) -> Item:
        item = self._deployment.state.items.get(handle)
        if item is None or item.subtype != subtype:
            raise Refused(400, f"Validation error with provided {subtype}: {handle} is not one.")
        return item

    def _check(self, record: dict[str, Any], identity: Identity) -> None:
        flaw = first_flaw(record, lambda handle: self._find(handle, identity))
        if flaw is not None:
            raise Refused(400, f"Failed to validate an entity's ID in the record, error: {flaw}.")

    def _find(self, handle: str, identity: Identity) -> Item | None:
        state = self._deployment.state
        item = state.items.get(handle)
        if item is not None and READERS.isdisjoint(state.roles(item, identity)):
            reason = "You are not authorised to fetch this item."
            raise Refused(401, f"Registry API denied access to resource: 401. Error: {reason}")
        return item

    def _submit(self, call: Call, sub_type: str, **payload: Any) -> str:
        return self._deployment.work.submit(call.identity.username, sub_type, **payload)
