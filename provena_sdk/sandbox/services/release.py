"""Reviewers, and the release of datasets with their approval."""

from __future__ import annotations

from typing import Any

from provena_sdk.sandbox.data.items import Item
from provena_sdk.sandbox.data.users import READ, SYS_ADMIN, SYS_READ, SYS_WRITE, WRITE
from provena_sdk.sandbox.http.server import Response, json_response
from provena_sdk.sandbox.http.validation import text_parameter
from provena_sdk.sandbox.services.lookup import fetch, find_dataset
from provena_sdk.sandbox.services.registry.permissions import NO_LINKED_PERSON
from provena_sdk.sandbox.serving.service import Call, Deployment, Refused, Service

_SENT = "Successfully sent request to approve dataset release to approver. Email notification included."
_ANSWERED = "Succesfully responded to dataset release approval request."


class Release:
    """The routes below ``/release``."""

    def __init__(self, service: Service) -> None:
        self._deployment: Deployment = service.deployment
        person = {"reviewer_id": (text_parameter, True)}
        reviewers = "/release/sys-reviewers"
        service.route("GET", f"{reviewers}/list", self._reviewers, [READ, WRITE])
        service.route("POST", f"{reviewers}/add", self._add, [SYS_READ, SYS_WRITE], query=person)
        service.route(
            "DELETE", f"{reviewers}/delete", self._delete, [SYS_READ, SYS_WRITE, SYS_ADMIN], query=person
        )
        service.route(
            "POST", "/release/approval-request", self._ask, [READ, WRITE], body="ReleaseApprovalRequest"
        )
        action = "/release/action-approval-request"
        service.route("PUT", action, self._decide, [READ, WRITE], body="ActionApprovalRequest")

    def _reviewers(self, _: Call) -> Response:
        return json_response(list(self._deployment.state.reviewers))

    def _add(self, call: Call) -> Response:
        reviewer = call.query["reviewer_id"]
        if not reviewer:
            raise Refused(
                500,
                f"Failed to add reviewer {reviewer} to the reviewers database. Error: An error occurred "
                "(ValidationException) when calling the PutItem operation: One or more parameter values are not valid.",
            )
        self._deployment.state.reviewers.add(reviewer)
        return json_response(None)

    def _delete(self, call: Call) -> Response:
        self._deployment.state.reviewers.discard(call.query["reviewer_id"])
        return json_response(None)

    def _ask(self, call: Call) -> Response:
        state, body, username = self._deployment.state, call.body, call.identity.username
        if "auth" in self._deployment.faults.outages:
            raise Refused(500, None)
        person = state.linked_person(username)
        if person is None:
            raise Refused(400, "You cannot request a review without having a linked Person in the registry.")
        item, roles = fetch(self._deployment, body["dataset_id"], call.identity)
        if "admin" not in roles:
            raise Refused(
                401,
                f"User {username} is not an admin of dataset {item.id}. "
                "Only admins of datasets can request for the dataset to be reviewed.",
            )
        approver = body["approver_id"]
        if approver not in state.reviewers:
            raise Refused(
                400,
                f"User {approver} is not a system dataset reviewer. Please provide an ID for entity pointing to a "
                "person who is a valid dataset reviewer for this system.",
            )
        if item.release_status != "NOT_RELEASED":
            raise Refused(
                400,
                f"Dataset {item.id} is already pending review or is released. "
                "Cannot request a review while another is unresolved.",
            )
        self._enter(item, "REQUEST", approver, person, body["notes"], "PENDING")
        if "jobs" in self._deployment.faults.outages:
            raise Refused(500, "")  # the request was made; only the e-mail could not be sent
        return json_response({"dataset_id": item.id, "approver_id": approver, "details": _SENT})

    def _decide(self, call: Call) -> Response:
        state, body, username = self._deployment.state, call.body, call.identity.username
        person = state.linked_person(username)
        if person is None:
            raise Refused(400, NO_LINKED_PERSON)
        if person not in state.reviewers:
            raise Refused(
                401,
                "You are not a dataset reviewer. Only system dataset reviewers can perform this action. "
                "Contact system admins to request to be a reviewer.",
            )
        item = find_dataset(self._deployment, body["dataset_id"])
        if item.release_status != "PENDING":
            raise Refused(400, f"Dataset {item.id} is not pending review. Cannot perform this action.")
        if item.body["release_approver"] != person:
            raise Refused(
                401,
                f"User with name {username} and linked ID {person} is not the approver for dataset {item.id}. "
                "Only the designated approver can perform this action.",
            )
        approve = body["approve"]
        action, status = ("APPROVE", "RELEASED") if approve else ("REJECT", "NOT_RELEASED")
        self._enter(item, action, person, None, body["notes"], status)
        return json_response({"dataset_id": item.id, "approved": approve, "details": _ANSWERED})

    def _enter(
        self, item: Item, action: str, approver: str, requester: str | None, notes: str, status: str
    ) -> None:
        now = self._deployment.state.now()
        entry: dict[str, Any] = {
            "action": action,
            "timestamp": now,
            "approver": approver,
            "requester": requester,
            "notes": notes,
        }
        item.body = {
            **item.body,
            "release_history": [*item.body["release_history"], entry],
            "release_status": status,
            "release_approver": approver,
            "release_timestamp": now,
        }
        item.updated = now
        self._deployment.state.put(item)
