"""Look up datasets in the registry for a caller, with its refusals."""

from __future__ import annotations

from provena_sdk.sandbox.data.items import Item
from provena_sdk.sandbox.data.users import Identity
from provena_sdk.sandbox.services.registry.permissions import roles_on as registry_roles
from provena_sdk.sandbox.services.registry.permissions import sees
from provena_sdk.sandbox.serving.service import Deployment, Refused

_FAILED = "The registry API responded with status success False during dataset fetching. Details: "
_UNREADABLE = "The record was found but could not parsed as an appropriate type."


def unreachable(path: str) -> str:
    """Return the datastore's message about a registry that does not answer."""
    return f"HTTPConnectionPool(host='registry', port=80): Max retries exceeded with url: {path}"


def find_dataset(deployment: Deployment, handle: str) -> Item:
    """Return a complete dataset, whoever the caller is.

    Raises:
        Refused: There is no such dataset.
    """
    if not handle:
        raise Refused(400, f"{_FAILED}Value error. Details ID cannot be empty..")
    item = deployment.state.items.get(handle)
    if item is None:
        raise Refused(400, f"{_FAILED}Could not find the given key ({handle}) in the registry..")
    if item.subtype != "DATASET" or item.kind == "unparsable":
        raise Refused(400, _FAILED + _UNREADABLE)
    if item.kind == "seed":
        raise Refused(400, f"{_FAILED}A valid seed item was found, but seed_allowed was set to false..")
    return item


def fetch(deployment: Deployment, handle: str, identity: Identity) -> tuple[Item, tuple[str, ...]]:
    """Return a dataset and the caller's roles on it.

    Raises:
        Refused: There is no such dataset, the caller may not see it, or the registry is down.
    """
    if "registry" in deployment.faults.outages:
        detail = unreachable("/registry/entity/dataset/fetch")
        raise Refused(500, f"Fetching dataset failed, request error: {detail}")
    item = find_dataset(deployment, handle)
    roles = roles_on(deployment, item, identity, "dataset fetch")
    if not sees(roles):
        raise Refused(
            401,
            "Registry did not grant access to the dataset. Details: You are not authorised to fetch this item..",
        )
    return item, roles


def roles_on(deployment: Deployment, item: Item, identity: Identity, doing: str) -> tuple[str, ...]:
    """Return the caller's roles on a dataset.

    Raises:
        Refused: The registry cannot look up the groups.
    """
    try:
        return registry_roles(deployment, item, identity)
    except Refused as refused:
        status = f"Status code: {refused.status}. Details: {refused.detail}"
        raise Refused(500, f"Unexpected non 200 status code in {doing} process. {status}") from None
