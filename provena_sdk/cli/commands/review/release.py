"""``release`` and ``inbox``: from the request to the decision."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from provena_sdk.cli.command import command, group
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.parameters import HANDLE
from provena_sdk.cli.reasons import message_option, reason
from provena_sdk.cli.session import Session
from provena_sdk.cli.table import Column

if TYPE_CHECKING:
    from provena_sdk.resources.interactive.sharing import DatasetRelease
    from provena_sdk.workflows.access.releases import ReleaseState

_notes = message_option("What the other side should know.", "NOTES")


@group()
def release() -> None:
    """Request, approve or reject the release of a dataset.

    A dataset is not released until its owner requests it and a reviewer approves. While the release is pending, and
    for good afterwards, its files cannot be changed.

    Examples:
        $ provena release request 10378.1/1451860 --reviewer "Ruth Okonkwo" -m "complete since May"
        $ provena release approve 10378.1/1451860 -m "fine"
        $ provena release status 10378.1/1451860
    """


@release.command(changes=True)
@click.argument("handle", type=HANDLE)
@click.option("--reviewer", required=True, metavar="WHO", help="Whole name, e-mail address, ORCID or handle.")
@_notes
def request(session: Session, handle: str, reviewer: str, message: str | None) -> None:
    """Ask a reviewer to approve the release.

    The reviewer gets an e-mail. Only the reviewer can end the request. 'provena reviewers list' prints who reviews.

    Examples:
        $ provena release request 10378.1/1451860 --reviewer "Ruth Okonkwo" -m "complete since May"
    """
    steps = _release(session, handle)
    if session.dry_run:
        _print(session, steps.status())
        session.say(f"{reviewer} would be asked to approve the release of dataset {handle}.")
        return
    _print(session, steps.request(reviewer, reason(session, message, "What should the reviewer know?")))


@release.command(changes=True)
@click.argument("handle", type=HANDLE)
@_notes
def approve(session: Session, handle: str, message: str | None) -> None:
    """Approve the release, as the reviewer who was asked.

    This is final: nobody can change the files of a released dataset.

    Examples:
        $ provena release approve 10378.1/1451860 -m "fine"
    """
    _decide(session, handle, message, approves=True)


@release.command(changes=True)
@click.argument("handle", type=HANDLE)
@_notes
def reject(session: Session, handle: str, message: str | None) -> None:
    """Reject the release, as the reviewer who was asked.

    Examples:
        $ provena release reject 10378.1/1451860 -m "units are missing"
    """
    _decide(session, handle, message, approves=False)


def _decide(session: Session, handle: str, message: str | None, *, approves: bool) -> None:
    steps = _release(session, handle)
    if session.dry_run:
        _print(session, steps.status())
        session.say(f"The release of dataset {handle} would be {'approved' if approves else 'rejected'}.")
        return
    notes = reason(session, message, "What should the owner know?")
    if approves and not session.confirm(f"Release dataset {handle} for good?"):
        raise Exit(ExitCode.FAILED, "Nothing was changed.")
    _print(session, steps.approve(notes) if approves else steps.reject(notes))


@release.command()
@click.argument("handle", type=HANDLE)
def status(session: Session, handle: str) -> None:
    """Show how far the release is, with all requests and decisions.

    Examples:
        $ provena release status 10378.1/1451860
    """
    _print(session, _release(session, handle).status())


def _release(session: Session, handle: str) -> DatasetRelease:
    return session.provena.datastore.interactive_dataset(handle).release


def _print(session: Session, state: ReleaseState) -> None:
    data = {
        "dataset": state.dataset_id,
        "status": state.status,
        "reviewer": _person(state.reviewer),
        "steps": [
            {"action": step.action, "time": step.time, "person": _person(step.person), "notes": step.notes}
            for step in state.steps
        ],
    }
    session.out.view(state, data, id=state.dataset_id)


def _person(person: Any) -> dict[str, object] | None:
    return None if person is None else {"id": person.id, "name": person.name}


def _days_ago(requested: datetime) -> str:
    days = (datetime.now(UTC) - requested).days
    return "today" if days < 1 else f"{days} day{'' if days == 1 else 's'} ago"


_INBOX: Final = (
    Column("dataset", lambda wait: wait.dataset_id, id=True),
    Column("name", lambda wait: wait.name),
    Column("requested", lambda wait: wait.requested, show=_days_ago),
    Column(
        "requester",
        lambda wait: _person(wait.requester),
        show=lambda person: str(person["name"] or person["id"]),
    ),
    Column("notes", lambda wait: wait.notes),
)


@command()
def inbox(session: Session) -> None:
    """List the datasets that wait for your review.

    The one that waits longest comes first.

    Examples:
        $ provena inbox
    """
    if not session.out.rows(session.provena.reviews.inbox(), _INBOX):
        session.say("Nothing waits for your review.")
