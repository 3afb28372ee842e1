"""``reviewers``: who reviews datasets."""

from __future__ import annotations

from typing import Final

import click

from provena_sdk.cli.command import group
from provena_sdk.cli.session import Session
from provena_sdk.cli.table import Column

_REVIEWERS: Final = (
    Column("id", lambda person: person.id, id=True),
    Column("name", lambda person: person.name),
)


@group()
def reviewers() -> None:
    """List, add and remove reviewers.

    Examples:
        $ provena reviewers list
        $ provena reviewers add "Ruth Okonkwo"
    """


@reviewers.command("list")
def list_(session: Session) -> None:
    """List everybody who reviews datasets.

    Examples:
        $ provena reviewers list
    """
    if not session.out.rows(session.provena.reviews.reviewers(), _REVIEWERS):
        session.say("There are no reviewers.")


@reviewers.command(changes=True)
@click.argument("who")
def add(session: Session, who: str) -> None:
    """Make a person a reviewer.

    WHO is a whole name, an e-mail address, an ORCID or a handle.

    Examples:
        $ provena reviewers add "Ruth Okonkwo"
    """
    if not session.dry_run:
        session.provena.datastore.review.add_dataset_reviewer(who)
    session.say(f"{who} {'would become' if session.dry_run else 'is'} a reviewer.")


@reviewers.command(changes=True)
@click.argument("who")
def remove(session: Session, who: str) -> None:
    """Remove a person from the reviewers.

    WHO is a whole name, an e-mail address, an ORCID, or an id that 'provena reviewers list' prints.

    Examples:
        $ provena reviewers remove "Ruth Okonkwo"
    """
    if not session.dry_run:
        session.provena.datastore.review.delete_dataset_reviewer(who)
    session.say(f"{who} {'would not be' if session.dry_run else 'is not'} a reviewer any more.")
