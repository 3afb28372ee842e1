"""Workflows for the release of a dataset: request, decision and status; reviewers, and what waits for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from attrs import evolve
from provena_api import models

from provena_sdk.display.notices import warn
from provena_sdk.display.text import printable
from provena_sdk.display.times import moment
from provena_sdk.errors import (
    OutcomeUnknown,
    PersonNotLinked,
    ProvenaError,
)
from provena_sdk.operations import arguments, catalogue
from provena_sdk.operations.workflow import Workflow, call
from provena_sdk.paging import Page, PageKey
from provena_sdk.views.tabular import Tabular, TabularList, in_words
from provena_sdk.workflows.datastore import fetch_dataset
from provena_sdk.workflows.permission import call_on
from provena_sdk.workflows.registry.listing import every
from provena_sdk.workflows.registry.names import PersonName, person_names
from provena_sdk.workflows.registry.naming import reference
from provena_sdk.workflows.review import REVIEWER, list_reviewers

_PAGE: Final = 100
_DONE: Final = {
    "REQUEST": "requested",
    "APPROVE": "approved",
    "REJECT": "rejected",
}


@dataclass(frozen=True, slots=True, repr=False)
class ReleaseStep:
    """A step in the release of a dataset.

    Attributes:
        action: ``REQUEST``, ``APPROVE`` or ``REJECT``.
        time: When it was taken; None when the service's time cannot be shown.
        person: Who took it; None when the service does not say.
        notes: Their remarks.
    """

    action: models.ReleaseAction
    time: datetime | None
    person: PersonName | None
    notes: str

    def __repr__(self) -> str:
        return f"<ReleaseStep {printable(self.action.value, 60)} by {printable(self.person, 100)}>"


@dataclass(frozen=True, slots=True, repr=False)
class ReleaseState(Tabular):
    """How far the release of a dataset is. It prints as a table of its steps.

    Attributes:
        dataset_id: The dataset's handle.
        status: ``NOT_RELEASED``, ``PENDING`` or ``RELEASED``.
        reviewer: Who was asked last to review it; None if nobody was.
        steps: Requests and decisions, oldest first.
    """

    dataset_id: str
    status: models.ReleasedStatus
    reviewer: PersonName | None = None
    steps: tuple[ReleaseStep, ...] = ()

    _columns: ClassVar = ("when", "who", "what", "notes")
    _types: ClassVar = {"when": "time"}

    def _title(self) -> str:
        reviewer = f", reviewer {self.reviewer}" if self.reviewer else ""
        return f"dataset {printable(self.dataset_id)}: {printable(in_words(self.status.value))}{reviewer}"

    def _rows(self) -> list[tuple[object, ...]]:
        return [
            (step.time, _text(step.person), _DONE.get(step.action.value, step.action.value), step.notes)
            for step in self.steps
        ]

    def __repr__(self) -> str:
        return f"<ReleaseState {printable(self.dataset_id, 60)}: {printable(self.status.value, 60)}>"


class ReviewerList(TabularList[PersonName]):
    """The reviewers of a deployment, as a list that prints as a table."""

    __slots__ = ()
    noun: ClassVar = ("reviewer", "reviewers")
    _columns: ClassVar = ("reviewer", "name")
    _index: ClassVar = "reviewer"

    def _rows(self) -> list[tuple[object, ...]]:
        return [(person.id, person.name) for person in self]


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """A dataset that waits for the user's review.

    Attributes:
        dataset_id: The dataset's handle.
        name: Its name.
        requester: Who asks for the release; None when the service does not say.
        requested: When; None when the service's time cannot be shown.
        notes: What the requester writes.
    """

    dataset_id: str
    name: str
    requester: PersonName | None
    requested: datetime | None
    notes: str

    def __repr__(self) -> str:
        return f"<ReviewRequest {printable(self.dataset_id, 60)}: {printable(self.name, 100)}>"


class Inbox(TabularList[ReviewRequest]):
    """The datasets that wait for the user's review, longest waiting first: a list that prints as a table."""

    __slots__ = ()
    noun: ClassVar = ("dataset", "datasets")
    _columns: ClassVar = ("dataset", "name", "requested by", "when", "notes")
    _index: ClassVar = "dataset"
    _types: ClassVar = {"when": "time"}

    def _rows(self) -> list[tuple[object, ...]]:
        return [
            (wait.dataset_id, wait.name, _text(wait.requester), wait.requested, wait.notes) for wait in self
        ]


def status(dataset_id: str) -> Workflow[ReleaseState]:
    """Fetch how far the release of a dataset is."""
    answer = yield from fetch_dataset("dataset_id", dataset_id)
    item = answer.item
    entries = item.release_history or []
    ids = [_who(entry) for entry in entries] + [item.release_approver]
    names = yield from person_names(ids)
    steps = tuple(
        ReleaseStep(entry.action, moment(entry.timestamp), names.get(_who(entry)), entry.notes)
        for entry in entries
    )
    return ReleaseState(item.id, item.release_status, names.get(item.release_approver), steps)


def request(dataset_id: str, reviewer: str, notes: str) -> Workflow[ReleaseState]:
    """Ask a reviewer, by handle or name, to approve the release of a dataset."""
    arguments.text("notes", notes)
    approver = yield from reference(REVIEWER, "reviewer", reviewer)
    body = models.ReleaseApprovalRequest(dataset_id=dataset_id, approver_id=approver, notes=notes)
    try:
        yield from call_on(catalogue.datastore.REQUEST_APPROVAL.about(dataset_id, body=body))
    except OutcomeUnknown as error:
        unknown = error
    else:
        reached = ReleaseState(dataset_id, models.ReleasedStatus.PENDING, PersonName(approver))
        return (yield from _after_step(reached))
    return (yield from _found_out(unknown, dataset_id, models.ReleaseAction.REQUEST, notes, approver))


def decide(dataset_id: str, notes: str, *, approve: bool) -> Workflow[ReleaseState]:
    """Approve or reject the release of a dataset, as its reviewer."""
    arguments.text("notes", notes)
    body = models.ActionApprovalRequest(dataset_id=dataset_id, approve=approve, notes=notes)
    try:
        yield from call(catalogue.datastore.ACTION_APPROVAL.about(dataset_id, body=body))
    except OutcomeUnknown as error:
        unknown = error
    else:
        decided = models.ReleasedStatus.RELEASED if approve else models.ReleasedStatus.NOT_RELEASED
        return (yield from _after_step(ReleaseState(dataset_id, decided)))
    action = models.ReleaseAction.APPROVE if approve else models.ReleaseAction.REJECT
    return (yield from _found_out(unknown, dataset_id, action, notes, None))


def _after_step(reached: ReleaseState) -> Workflow[ReleaseState]:
    """Fetch the state after a step; a failure to do so must not look like a failure of the step, which was taken.

    Reviewers may decide about datasets that they cannot fetch.
    """
    try:
        return (yield from status(reached.dataset_id))
    except ProvenaError as error:
        warn(
            f"Dataset {reached.dataset_id} is now {reached.status.value}, but the steps of its release could not be "
            f"fetched: {error.message}"
        )
        return reached


def _found_out(
    unknown: OutcomeUnknown, dataset_id: str, action: models.ReleaseAction, notes: str, approver: str | None
) -> Workflow[ReleaseState]:
    """Look whether a step was taken although its answer was lost, or was an error.

    Raises:
        OutcomeUnknown: It was not, or the dataset cannot be fetched.
    """
    try:
        found = yield from status(dataset_id)
    except ProvenaError:
        raise unknown from None
    last = found.steps[-1] if found.steps else None
    is_taken = last is not None and last.action == action and last.notes == notes
    if not is_taken or (approver is not None and (found.reviewer is None or found.reviewer.id != approver)):
        raise unknown
    # The service sends the e-mail last: it was seen to fail there after the dataset had become PENDING.
    warn(
        f"The datastore failed, but the release of dataset {dataset_id} is now {_DONE[action.value]}. "
        "Nobody may have been notified by e-mail."
    )
    return found


def reviewers() -> Workflow[ReviewerList]:
    """Fetch the reviewers with their names, sorted by name."""
    ids = yield from list_reviewers()
    names = yield from person_names(ids)
    people = [names[id] for id in ids]
    return ReviewerList(
        sorted(people, key=lambda person: (person.name is None, (person.name or "").casefold()))
    )


def inbox() -> Workflow[Inbox]:
    """Fetch the datasets that wait for the user's review, longest waiting first."""
    linked = yield from call(catalogue.auth.LOOKUP_LINK())
    if linked.person_id is None:
        raise PersonNotLinked(
            "Your account is not linked to a Person in the registry.",
            operation=catalogue.auth.LOOKUP_LINK.name,
            status=200,
            hint="Only linked persons review: provena.people.link_me(...) creates yours and links it.",
        )
    items = yield from _reviewed(linked.person_id)
    requests = [(item, _last_request(item)) for item in items]
    names = yield from person_names([entry.requester for _, entry in requests if entry is not None])
    return Inbox(
        ReviewRequest(
            item.id,
            item.display_name,
            names.get(entry.requester) if entry else None,
            moment(entry.timestamp if entry else item.release_timestamp),
            entry.notes if entry else "",
        )
        for item, entry in requests
    )


def _reviewed(person_id: str) -> Workflow[list[models.ItemDataset]]:
    first = models.ListUserReviewingDatasetsRequest(
        filter_by=models.FilterOptions(
            release_reviewer=person_id, release_status=models.QueryDatasetReleaseStatusType.PENDING
        ),
        page_size=_PAGE,
        # The registry can list by reviewer in no other order, and fails without one.
        sort_by=models.SortOptions(sort_type=models.SortType.RELEASE_TIMESTAMP, ascending=True),
    )

    def fetch(key: PageKey | None) -> Workflow[Page[models.ItemDataset]]:
        body = evolve(first, pagination_key=key) if isinstance(key, models.PaginationKey) else first
        answer = yield from call(catalogue.registry.LIST_RELEASING_DATASETS(body=body))
        return Page(answer.dataset_items, answer.pagination_key)

    return (yield from every(fetch))


def _last_request(item: models.ItemDataset) -> models.ReleaseHistoryEntry | None:
    asked = [entry for entry in item.release_history or [] if entry.action == models.ReleaseAction.REQUEST]
    return asked[-1] if asked else None


def _who(entry: models.ReleaseHistoryEntry) -> str | None:
    return entry.requester if entry.action == models.ReleaseAction.REQUEST else entry.approver


def _text(person: PersonName | None) -> str | None:
    return None if person is None else str(person)
