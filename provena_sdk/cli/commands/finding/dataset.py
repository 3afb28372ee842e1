"""``provena show``, ``history``, ``versions`` and ``diff``: what a dataset's metadata say."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.commands.tabular import in_words
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.parameters import HANDLE
from provena_sdk.cli.session import Session
from provena_sdk.cli.table import Column


def _day(time: datetime) -> str:
    return f"{time.astimezone():%Y-%m-%d}"


_HISTORY: Final = (
    Column("state", lambda entry: entry.id, id=True, right=True),
    Column("when", lambda entry: entry.time),
    Column("who", lambda entry: entry.user.name or entry.user.username),
    Column("why", lambda entry: entry.reason),
    Column("changed", lambda entry: [change.path for change in entry.changes]),
    Column("username", lambda entry: entry.user.username, extra=True),
)

_VERSIONS: Final = (
    Column("version", lambda version: version.number, right=True),
    Column("handle", lambda version: version.id, id=True),
    Column("name", lambda version: version.name),
    Column("status", lambda version: version.status and version.status.value, show=in_words),
    Column("registered", lambda version: version.created, show=_day),
    Column("why", lambda version: version.reason),
    Column("owner", lambda version: version.owner, extra=True),
)


@command()
@click.argument("handle", type=HANDLE)
@click.option("--web", is_flag=True, help="Open its page in a browser, and print the URL.")
def show(session: Session, handle: str, web: bool) -> None:
    """Show a dataset.

    JSON has everything that the registry holds about it, with your roles.

    Examples:
        $ provena show 10378.1/1451860
        $ provena show 10378.1/1451860 --web
        $ provena show 10378.1/1451860 --json --fields display_name,release_status
    """
    from provena_sdk.views.dataset_card import dataset_card  # noqa: PLC0415  # keeps drawing away from the start

    dataset = session.provena.datastore.interactive_dataset(handle)
    if web:
        session.out.text(dataset.browse())
        return
    answer = dataset.fetch_dataset()
    data = {**answer.item.to_dict(), "roles": answer.roles, "locked": answer.locked, "url": dataset.url}
    if session.json:
        session.out.view(None, data, id=dataset.dataset_id)
        return
    card = dataset_card(
        answer.item,
        locked=answer.locked,
        roles=answer.roles,
        owner_name=dataset.owner.name,
        organisation_name=dataset.organisation,
        url=dataset.url,
        calls=(),
    )
    session.out.view(card, data, id=dataset.dataset_id)


@command()
@click.argument("handle", type=HANDLE)
def history(session: Session, handle: str) -> None:
    """Show who changed a dataset's metadata, when and why.

    The newest state comes first. Its number is what provena diff takes.

    Examples:
        $ provena history 10378.1/1451860
        $ provena history 10378.1/1451860 --json --fields state,when,username,changed
    """
    session.out.rows(session.provena.datastore.interactive_dataset(handle).history, _HISTORY)


@command()
@click.argument("handle", type=HANDLE)
def versions(session: Session, handle: str) -> None:
    """List all versions of a dataset, oldest first.

    Each version is a dataset with a handle and files of its own. The list ends where you may not read one.

    Examples:
        $ provena versions 10378.1/1451860
        $ provena versions 10378.1/1451860 --quiet | tail -n 1
    """
    session.out.rows(session.provena.datastore.interactive_dataset(handle).versions, _VERSIONS)


@command()
@click.argument("handle", type=HANDLE)
@click.argument("first", type=click.IntRange(0), metavar="A")
@click.argument("second", type=click.IntRange(0), metavar="[B]", required=False)
@click.option("--exit-code", is_flag=True, help="Exit with 10 if there are differences.")
def diff(session: Session, handle: str, first: int, second: int | None, exit_code: bool) -> None:
    """Compare two states of a dataset's metadata.

    A and B are numbers of states, as provena history lists them; without B, the newest.

    Examples:
        $ provena diff 10378.1/1451860 0
        $ provena diff 10378.1/1451860 0 2 --json
    """
    found = session.provena.datastore.interactive_dataset(handle).diff(first, second)
    changes: list[dict[str, Any]] = [
        {"field": change.path, "before": change.before, "after": change.after} for change in found
    ]
    session.out.view(found, changes)
    if changes and exit_code:
        raise Exit(ExitCode.DIFFERENT)
