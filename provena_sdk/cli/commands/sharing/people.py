"""``provena people`` and ``provena link``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from provena_sdk.cli.command import command, group
from provena_sdk.cli.commands.sharing.agents import (
    given,
    limit_option,
    print_all,
    print_matches,
    print_one,
    print_registered,
    reason_option,
)
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.session import Session
from provena_sdk.views.item_lists import PersonList

if TYPE_CHECKING:
    from provena_api.models import ItemPerson


@group()
def people() -> None:
    """List, find, register and change persons of the registry.

    PERSON is a handle, a whole name, an e-mail address or an ORCID.

    Examples:
        $ provena people find castellanos
        $ provena people show 0000-0002-1825-0097
    """


@people.command("list")
@limit_option
def list_(session: Session, limit: int | None) -> None:
    """List all persons, the most recently changed first.

    Examples:
        $ provena people list --jsonl
    """
    print_all(session, session.provena.people.for_all(total_limit=limit), PersonList)


@people.command()
@click.argument("text")
def find(session: Session, text: str) -> None:
    """Find persons by part of a name, e-mail address, ORCID or handle.

    Examples:
        $ provena people find castellanos
    """
    print_matches(session, session.provena.people.find(text), text, PersonList)


@people.command()
@click.argument("person")
def show(session: Session, person: str) -> None:
    """Show a person.

    Examples:
        $ provena people show writer@example.com
    """
    print_one(session, session.provena.people.get(person), PersonList)


@people.command(changes=True)
@click.option("--first-name", required=True, metavar="NAME", help="First name.")
@click.option("--last-name", required=True, metavar="NAME", help="Last name.")
@click.option("--email", required=True, metavar="ADDRESS", help="E-mail address.")
@click.option("--orcid", help="ORCID, bare or as a URL.")
@click.option("--display-name", metavar="NAME", help="Name to show; first and last name by default.")
@click.option("--ethics-approved", is_flag=True, help="State that the person consents to be registered.")
def create(
    session: Session,
    first_name: str,
    last_name: str,
    email: str,
    orcid: str | None,
    display_name: str | None,
    ethics_approved: bool,
) -> None:
    """Register a person, and print the handle.

    The registry takes the same person twice: look with provena people find first.

    Examples:
        $ provena people create --first-name Ada --last-name Diver --email ada@example.com --ethics-approved
    """
    _need_consent(ethics_approved, "the person consents")
    if session.dry_run:
        session.say(f"Would register {first_name} {last_name}, {email}.")
        return
    made = session.provena.people.create(
        first_name=first_name,
        last_name=last_name,
        email=email,
        ethics_approved=ethics_approved,
        orcid=orcid,
        display_name=display_name,
    )
    print_registered(session, made)


@people.command(changes=True)
@click.argument("person")
@reason_option
@click.option("--first-name", metavar="NAME", help="New first name.")
@click.option("--last-name", metavar="NAME", help="New last name.")
@click.option("--email", metavar="ADDRESS", help="New e-mail address.")
@click.option("--orcid", help="New ORCID, bare or as a URL.")
@click.option("--display-name", metavar="NAME", help="New name to show.")
def update(
    session: Session,
    person: str,
    message: str,
    first_name: str | None,
    last_name: str | None,
    email: str | None,
    orcid: str | None,
    display_name: str | None,
) -> None:
    """Change a person that you registered.

    Examples:
        $ provena people update 'Ada Diver' -m 'has an ORCID now' --orcid 0000-0002-1825-0097
    """
    wanted = given(
        first_name=first_name, last_name=last_name, email=email, orcid=orcid, display_name=display_name
    )
    found = session.provena.people.get(person)
    if session.dry_run:
        session.say(f"Would change {found.display_name}: {wanted}.")
        return
    session.provena.people.update(
        found,
        message,
        first_name=first_name,
        last_name=last_name,
        email=email,
        orcid=orcid,
        display_name=display_name,
    )
    session.say(f"Changed {found.display_name}.")


@command(changes=True)
@click.argument("person", required=False)
@click.option("--first-name", metavar="NAME", help="Your first name, to register yourself.")
@click.option("--last-name", metavar="NAME", help="Your last name.")
@click.option("--email", metavar="ADDRESS", help="Your e-mail address; your account's by default.")
@click.option("--orcid", help="Your ORCID, bare or as a URL.")
@click.option("--ethics-approved", is_flag=True, help="State that you consent to be registered.")
def link(
    session: Session,
    person: str | None,
    first_name: str | None,
    last_name: str | None,
    email: str | None,
    orcid: str | None,
    ethics_approved: bool,
) -> None:
    """Link your account to a person, or show the person it is linked to.

    Registering and reviewing datasets needs this link. PERSON is one that you registered: a handle, name,
    e-mail address or ORCID. With --first-name and --last-name, you are registered and linked in one step.
    Only an administrator can undo a link.

    Examples:
        $ provena link
        $ provena link --first-name Ada --last-name Diver --ethics-approved
    """
    people = session.provena.people
    names = (first_name, last_name)
    if person is not None and names != (None, None):
        raise click.UsageError("Give either PERSON, or --first-name and --last-name.")
    if person is None and names == (None, None):
        linked = people.me()
        if linked is None:
            raise Exit(
                ExitCode.NOT_FOUND,
                "Your account is not linked to a person.",
                hint="provena link --first-name … --last-name … --ethics-approved registers and links you.",
            )
        print_one(session, linked, PersonList)
    elif person is not None:
        _link(session, people.get(person))
    else:
        if first_name is None or last_name is None:
            raise click.UsageError("--first-name and --last-name belong together.")
        _need_consent(ethics_approved, "you consent")
        if not _agreed(session, f"{first_name} {last_name}"):
            return
        linked = people.link_me(
            first_name=first_name,
            last_name=last_name,
            email=email,
            orcid=orcid,
            ethics_approved=ethics_approved,
        )
        print_one(session, linked, PersonList)


def _link(session: Session, person: ItemPerson) -> None:
    if _agreed(session, f"{person.display_name} ({person.id})"):
        print_one(session, session.provena.people.link(person), PersonList)


def _agreed(session: Session, whom: str) -> bool:
    if session.dry_run:
        session.say(f"Would link your account to {whom}.")
        return False
    if session.confirm(f"Link your account to {whom}? Only an administrator can undo it."):
        return True
    raise Exit(ExitCode.FAILED, "Not linked.")


def _need_consent(is_given: bool, who: str) -> None:
    if not is_given:
        raise click.UsageError(
            f"The registry takes persons only with their consent: --ethics-approved states that {who}."
        )
