"""``provena orgs``."""

from __future__ import annotations

import click

from provena_sdk.cli.command import group
from provena_sdk.cli.commands.sharing.agents import (
    given,
    limit_option,
    print_all,
    print_matches,
    print_one,
    print_registered,
    reason_option,
)
from provena_sdk.cli.session import Session
from provena_sdk.views.item_lists import OrganisationList


@group()
def orgs() -> None:
    """List, find, register and change organisations of the registry.

    ORGANISATION is a handle, a whole name or a ROR.

    Examples:
        $ provena orgs find 'coral sea'
        $ provena orgs show https://ror.org/03qn8fb07
    """


@orgs.command("list")
@limit_option
def list_(session: Session, limit: int | None) -> None:
    """List all organisations, the most recently changed first.

    Examples:
        $ provena orgs list --json --fields handle,name
    """
    print_all(session, session.provena.organisations.for_all(total_limit=limit), OrganisationList)


@orgs.command()
@click.argument("text")
def find(session: Session, text: str) -> None:
    """Find organisations by part of a name, ROR or handle.

    Examples:
        $ provena orgs find 'coral sea'
    """
    print_matches(session, session.provena.organisations.find(text), text, OrganisationList)


@orgs.command()
@click.argument("organisation")
def show(session: Session, organisation: str) -> None:
    """Show an organisation.

    Examples:
        $ provena orgs show 'Coral Sea Institute'
    """
    print_one(session, session.provena.organisations.get(organisation), OrganisationList)


@orgs.command(changes=True)
@click.argument("name")
@click.option("--ror", help="ROR, bare or as a URL.")
@click.option("--display-name", metavar="NAME", help="Name to show; the full name by default.")
def create(session: Session, name: str, ror: str | None, display_name: str | None) -> None:
    """Register an organisation, and print the handle.

    The registry takes the same organisation twice: look with provena orgs find first.

    Examples:
        $ provena orgs create 'Kelp Lab' --ror 03qn8fb07
    """
    if session.dry_run:
        session.say(f"Would register {name}.")
        return
    made = session.provena.organisations.create(name=name, ror=ror, display_name=display_name)
    print_registered(session, made)


@orgs.command(changes=True)
@click.argument("organisation")
@reason_option
@click.option("--name", metavar="NAME", help="New full name.")
@click.option("--ror", help="New ROR, bare or as a URL.")
@click.option("--display-name", metavar="NAME", help="New name to show.")
def update(
    session: Session,
    organisation: str,
    message: str,
    name: str | None,
    ror: str | None,
    display_name: str | None,
) -> None:
    """Change an organisation that you registered.

    Examples:
        $ provena orgs update 'Kelp Lab' -m 'name as at ROR' --display-name 'Kelp Laboratory'
    """
    wanted = given(name=name, ror=ror, display_name=display_name)
    found = session.provena.organisations.get(organisation)
    if session.dry_run:
        session.say(f"Would change {found.display_name}: {wanted}.")
        return
    session.provena.organisations.update(found, message, name=name, ror=ror, display_name=display_name)
    session.say(f"Changed {found.display_name}.")
