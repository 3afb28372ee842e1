"""``access``: who may do what with a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from provena_sdk.cli.command import group
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.parameters import HANDLE
from provena_sdk.cli.session import Session

if TYPE_CHECKING:
    from provena_sdk.workflows.access.settings import DatasetAccess, DatasetRoles

_EVERYONE: Final = "everyone"
_NONE: Final = "none"
# What each level grants, as arguments of InteractiveDataset.share.
_LEVELS: Final[Mapping[str, dict[str, Any]]] = {
    _NONE: {},
    "metadata": {"read": "metadata"},
    "read": {},
    "write-metadata": {"write": "metadata"},
    "write-files": {"write": "files"},
    "write": {"write": True},
    "admin": {"admin": True},
}


@group()
def access() -> None:
    """Show or set who may do what with a dataset.

    Examples:
        $ provena access show 10378.1/1451860
        $ provena access set 10378.1/1451860 "Coral team" write
    """


@access.command()
@click.argument("handle", type=HANDLE)
def show(session: Session, handle: str) -> None:
    """Show who may do what; for the owner and administrators.

    Examples:
        $ provena access show 10378.1/1451860
    """
    _print(session, session.provena.datastore.interactive_dataset(handle).access())


@access.command("set", changes=True)
@click.argument("handle", type=HANDLE)
@click.argument("who")
@click.argument("level", type=click.Choice(list(_LEVELS)))
def set_(session: Session, handle: str, who: str, level: str) -> None:
    """Set what a group, or everyone, may do.

    WHO is the id or name of a group, or "everyone" for all who may read the registry. LEVEL replaces what they may do
    now: none; metadata, to read it; read, for files as well; write-metadata, write-files or write, to change one or
    both; admin, for everything, also sharing and locking, but not for everyone.

    Examples:
        $ provena access set 10378.1/1451860 "Coral team" write
        $ provena access set 10378.1/1451860 everyone read
        $ provena access set 10378.1/1451860 everyone none
    """
    dataset = session.provena.datastore.interactive_dataset(handle)
    public = who.casefold() == _EVERYONE
    group = None if public else who
    if session.dry_run:
        _print(session, dataset.access())
        session.say(f"The access of {who} would be set to {level}.")
        return
    if level == _NONE:
        _print(session, dataset.unshare(group, public=public))
        return
    if public and not session.confirm(f"Give everyone access to dataset {handle} ({level})?"):
        raise Exit(ExitCode.FAILED, "Nothing was changed.")
    _print(session, dataset.share(group, public=public, only=True, **_LEVELS[level]))


def _print(session: Session, access: DatasetAccess) -> None:
    data = {
        "dataset": access.dataset_id,
        "owner": access.owner,
        "owner_name": access.owner_name,
        "everyone": _roles(access.everyone),
        "groups": [
            {"id": group.id, "name": group.name, "exists": group.exists, **_roles(group.roles)}
            for group in access.groups
        ],
    }
    session.out.view(access, data, id=access.dataset_id)


def _roles(roles: DatasetRoles) -> dict[str, object]:
    return {"may": roles.permits, "roles": roles.names}
