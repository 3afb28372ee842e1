"""Workflows for a dataset's access settings.

The registry replaces them as a whole, without checking whether they changed since they were read. A change therefore
reads them first, replaces as little as possible, and reads them again.
"""

from __future__ import annotations

from dataclasses import replace

from provena_api import models

from provena_sdk.display.notices import warn
from provena_sdk.errors import (
    AccessChanged,
    DatasetAccessDenied,
    InvalidArgument,
    OutcomeUnknown,
    ProvenaError,
)
from provena_sdk.operations import arguments, catalogue
from provena_sdk.operations.workflow import Workflow, call, gather
from provena_sdk.workflows.access.groups import find_group, list_groups
from provena_sdk.workflows.access.settings import (
    DatasetAccess,
    DatasetRoles,
    GroupAccess,
    Reading,
    Writing,
    changes,
    granting,
    kept,
    known_first,
    leaving,
    roles_for,
    roles_of,
)
from provena_sdk.workflows.permission import call_on
from provena_sdk.workflows.registry.names import name_of

_SETTINGS_HINT = (
    "Only its owner and its administrators see its access settings; ds.my_roles() returns your own roles."
)


def access(dataset_id: str) -> Workflow[DatasetAccess]:
    """Fetch who may do what with a dataset, with the names of its owner and of groups."""
    settings = yield from _settings(dataset_id)
    return (yield from _named(dataset_id, settings))


def own_roles(dataset_id: str) -> Workflow[DatasetRoles]:
    """Fetch the user's roles on a dataset; none for a private one."""
    answer = yield from call(catalogue.registry.EVALUATE_DATASET_ACCESS.about(dataset_id, id=dataset_id))
    return known_first(answer.roles)


def share(
    dataset_id: str,
    group: str | None,
    *,
    public: bool,
    read: Reading,
    write: Writing,
    admin: bool,
    only: bool,
) -> Workflow[DatasetAccess]:
    """Grant roles to a group, or to everyone, in addition to those that they have, or instead of them."""
    roles = roles_for(read, write, admin=admin)
    arguments.flag("only", only)
    _check_party(group, public=public)
    if public and admin:
        raise InvalidArgument(
            "admin", "must be False with public: everybody could share, lock and release it."
        )
    party = None if group is None else (yield from find_group("group", group)).id
    before = yield from _settings(dataset_id)
    return (yield from _change(dataset_id, before, granting(before, party, roles, only=only), party))


def unshare(dataset_id: str, group: str | None, *, public: bool, keep: object) -> Workflow[DatasetAccess]:
    """Take roles back from a group, or from everyone."""
    keeps = kept(keep)
    _check_party(group, public=public)
    before = yield from _settings(dataset_id)
    party = group
    if group is not None and group not in before.groups:
        # A display name, or a mistake. An id that the settings hold needs no group: it may be misspelt there.
        party = (yield from find_group("group", group)).id
    return (yield from _change(dataset_id, before, leaving(before, party, keeps), party))


def _check_party(group: str | None, *, public: bool) -> None:
    arguments.flag("public", public)
    if group is not None:
        arguments.text("group", group)
    if (group is not None) is public:
        raise InvalidArgument("group", "must be given, or public=True, but not both.")


def _settings(dataset_id: str) -> Workflow[models.AccessSettings]:
    request = catalogue.registry.GET_DATASET_ACCESS.about(dataset_id, id=dataset_id)
    try:
        return (yield from call_on(request))
    except DatasetAccessDenied as error:
        error.hint = _SETTINGS_HINT
        error.name_owner(error.owner, error.owner_email)
        raise


def _change(
    dataset_id: str, before: models.AccessSettings, wanted: models.AccessSettings, party: str | None
) -> Workflow[DatasetAccess]:
    if changes(before, wanted):
        request = catalogue.registry.SET_DATASET_ACCESS.about(dataset_id, id=dataset_id, body=wanted)
        unknown: OutcomeUnknown | None = None
        try:
            yield from call_on(request)
        except OutcomeUnknown as error:
            unknown = error
        wanted = yield from _confirmed(dataset_id, wanted, party, unknown)
    return (yield from _named(dataset_id, wanted))


def _confirmed(
    dataset_id: str, written: models.AccessSettings, party: str | None, unknown: OutcomeUnknown | None
) -> Workflow[models.AccessSettings]:
    """Read settings again after writing them; ``unknown`` is the error if writing them had no clear outcome.

    Raises:
        AccessChanged: Somebody else has replaced them meanwhile, and what was written for the party does not hold.
        OutcomeUnknown: The outcome was not clear, and what was written does not hold, or they cannot be read.
    """
    try:
        found = yield from _settings(dataset_id)
    except ProvenaError as error:
        if unknown is not None:
            unknown.hint = "ds.access() shows whether it did."
            raise unknown from None
        # Without permission, the user has given up their own roles with this change.
        if not isinstance(error, DatasetAccessDenied):
            warn(
                f"The access settings of dataset {dataset_id} were changed, but could not be read again: "
                f"{error.message}"
            )
        return written
    differing = "; ".join(changes(written, found))
    if set(roles_of(found, party)) != set(roles_of(written, party)):
        if unknown is not None:
            unknown.hint = "Look at ds.access(), and repeat it if it is still wanted."
            raise unknown
        raise AccessChanged(
            f"Somebody else changed the access settings of dataset {dataset_id} at the same time: {differing}.",
            dataset_id=dataset_id,
            hint="Your change is not in force. Look at ds.access(), and repeat it if it is still wanted.",
        )
    if differing:
        warn(
            f"Somebody else changed the access settings of dataset {dataset_id} at the same time: {differing}. "
            "Your change is in force."
        )
    return found


def _named(dataset_id: str, settings: models.AccessSettings) -> Workflow[DatasetAccess]:
    """Add the names of the owner and of groups to settings, where they can be found out."""
    owner, groups = yield from gather([_name_of(settings.owner), _group_names(bool(settings.groups))])
    names = groups if isinstance(groups, dict) else None
    return DatasetAccess(
        dataset_id,
        settings.owner,
        owner if isinstance(owner, str) else None,
        known_first(settings.general),
        tuple(_group(group, known_first(roles), names) for group, roles in sorted(settings.groups.items())),
    )


def _group(id: str, roles: DatasetRoles, names: dict[str, str] | None) -> GroupAccess:
    return GroupAccess(id, names.get(id) if names else None, None if names is None else id in names, roles)


def _name_of(username: str) -> Workflow[str | dict[str, str] | None]:
    # Sent once: a name is not worth waiting for.
    linked = yield from call(replace(catalogue.auth.LOOKUP_LINK(username=username), once=True))
    if linked.person_id is None:
        return None
    return (yield from name_of(linked.person_id))


def _group_names(is_wanted: bool) -> Workflow[str | dict[str, str] | None]:
    return {group.id: group.display_name for group in (yield from list_groups())} if is_wanted else {}
