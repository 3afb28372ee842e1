"""Who may do what with an item, and whom an account is linked to."""

from __future__ import annotations

from provena_sdk.sandbox.data.items import READERS, Item
from provena_sdk.sandbox.data.registry import owns
from provena_sdk.sandbox.data.users import Identity
from provena_sdk.sandbox.serving.service import Deployment, Refused

NO_LINKED_PERSON = (
    "In order to perform this operation you must link your User account to a Person in the registry."
)


def roles_on(deployment: Deployment, item: Item, identity: Identity) -> tuple[str, ...]:
    """Return the caller's roles on an item; for the owner, no groups are looked up.

    Raises:
        Refused: The groups cannot be looked up.
    """
    if "auth" in deployment.faults.outages and not owns(item, identity):
        raise Refused(500, "An error occurred while trying to fetch the users group membership.")
    return deployment.state.roles(item, identity)


def sees(roles: tuple[str, ...]) -> bool:
    """Return whether these roles on an item suffice to see it."""
    return not READERS.isdisjoint(roles)


def may_read(deployment: Deployment, item: Item, identity: Identity) -> bool:
    """Return whether the caller sees an item."""
    return sees(roles_on(deployment, item, identity))


def linked_person(deployment: Deployment, identity: Identity) -> str:
    """Return the id of the caller's person.

    Raises:
        Refused: The account is not linked to a person.
    """
    person = deployment.state.linked_person(identity.username)
    if person is None:
        raise Refused(400, NO_LINKED_PERSON)
    return person
