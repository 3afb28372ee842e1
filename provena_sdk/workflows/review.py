"""Workflows for reviewers and releases."""

from __future__ import annotations

from typing import Final

from provena_api import models
from provena_api.models import (
    ActionApprovalRequest,
    ActionApprovalRequestResponse,
    ReleaseApprovalRequest,
    ReleaseApprovalRequestResponse,
)

from provena_sdk.errors import BadRequest, ItemAccessDenied, OperationRejected, ProvenaError
from provena_sdk.operations import arguments, catalogue
from provena_sdk.operations.handles import is_handle
from provena_sdk.operations.workflow import Workflow, call, gather, handle_of, item_of
from provena_sdk.workflows.permission import call_on
from provena_sdk.workflows.registry import people
from provena_sdk.workflows.registry.agents import PERSON
from provena_sdk.workflows.registry.naming import Kind, reference


def add_reviewer(reviewer_id: str) -> Workflow[None]:
    """Make a person a reviewer."""
    person = yield from reference(PERSON, "reviewer_id", reviewer_id)
    yield from call(catalogue.datastore.ADD_REVIEWER(reviewer_id=person))


def delete_reviewer(reviewer_id: str) -> Workflow[None]:
    """Remove a person from the reviewers; the id may be any text, since the service does not check what is added."""
    person = yield from item_of("reviewer_id", reviewer_id)
    if not is_handle(person) and person not in (yield from list_reviewers()):
        person = yield from reference(REVIEWER, "reviewer_id", reviewer_id)
    yield from call(catalogue.datastore.DELETE_REVIEWER(reviewer_id=person))


def list_reviewers() -> Workflow[list[str]]:
    """Fetch the ids of all reviewers, sorted because the service's order is arbitrary."""
    return sorted((yield from call(catalogue.datastore.LIST_REVIEWERS())))


def _reviewing_people() -> Workflow[list[models.ItemPerson]]:
    """Fetch the reviewers who are persons of the registry, which the service does not check."""
    handles = [id for id in (yield from list_reviewers()) if is_handle(id)]
    outcomes = yield from gather([people.fetch(handle) for handle in handles])
    for outcome in outcomes:
        # Other errors are not about this one person: without the names, nobody can be found by name.
        about_one = BadRequest | OperationRejected | ItemAccessDenied
        if isinstance(outcome, ProvenaError) and not isinstance(outcome, about_one):
            raise outcome
    return [outcome for outcome in outcomes if isinstance(outcome, models.ItemPerson)]


REVIEWER: Final[Kind[models.ItemPerson]] = Kind(
    "reviewer",
    "reviewers",
    _reviewing_people,
    PERSON.names,
    PERSON.identifiers,
    "provena.reviews.reviewers() lists the reviewers.",
)
"""What an argument means that names a reviewer."""


def request_approval(given: object, **fields: object) -> Workflow[ReleaseApprovalRequestResponse]:
    """Ask a reviewer to approve the release of a dataset."""
    body = arguments.request("approval_request", ReleaseApprovalRequest, given, fields)
    body.dataset_id = yield from handle_of("dataset_id", body.dataset_id)
    body.approver_id = yield from reference(REVIEWER, "approver_id", body.approver_id)
    return (yield from call_on(catalogue.datastore.REQUEST_APPROVAL.about(body.dataset_id, body=body)))


def action_approval(given: object, **fields: object) -> Workflow[ActionApprovalRequestResponse]:
    """Approve or reject a release, as its reviewer."""
    body = arguments.request("action_approval_request", ActionApprovalRequest, given, fields)
    body.dataset_id = yield from handle_of("dataset_id", body.dataset_id)
    arguments.flag("approve", body.approve)
    return (yield from call(catalogue.datastore.ACTION_APPROVAL.about(body.dataset_id, body=body)))
