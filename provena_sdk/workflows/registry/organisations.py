"""Workflows for organisations."""

from __future__ import annotations

from typing import cast

from provena_api import models

from provena_sdk.operations import arguments, catalogue, identifiers
from provena_sdk.operations.workflow import Workflow, call, handle_of
from provena_sdk.workflows.registry.agents import ORGANISATION, changed
from provena_sdk.workflows.registry.naming import Matches, is_handle
from provena_sdk.workflows.registry.naming import find as find_named


def find(query: object) -> Workflow[Matches[models.ItemOrganisation]]:
    """Find organisations by name, part of one, or ROR."""
    return (yield from find_named(ORGANISATION, "query", query))


def get(organisation: object) -> Workflow[models.ItemOrganisation]:
    """Fetch an organisation, by handle or name."""
    text = arguments.text("organisation", organisation).strip()
    if not is_handle(text):
        return (yield from find_named(ORGANISATION, "organisation", text)).whole("organisation")
    handle = yield from handle_of("organisation", text)
    answer = yield from call(catalogue.registry.FETCH_ORGANISATION.about(handle, id=handle))
    return cast("models.ItemOrganisation", answer.item)  # seeds are refused unless they are allowed


def create(
    *, name: object, display_name: object, ror: object, user_metadata: object
) -> Workflow[models.ItemOrganisation]:
    """Register an organisation."""
    checked = arguments.text("name", name)
    body = arguments.request(
        "organisation",
        models.OrganisationDomainInfo,
        {
            "name": checked,
            "display_name": checked if display_name is None else arguments.text("display_name", display_name),
        },
        {"ror": None if ror is None else identifiers.ror_url("ror", ror), "user_metadata": user_metadata},
    )
    return (yield from call(catalogue.registry.CREATE_ORGANISATION(body=body))).created_item


def update(
    organisation: str | models.ItemOrganisation, reason: str, *, ror: object, **changes: object
) -> Workflow[models.UpdateResponse]:
    """Change an organisation: fetch it unless it is given, and send all of it."""
    arguments.text("reason", reason)
    for name in ("name", "display_name"):
        if changes.get(name) is not None:
            arguments.text(name, changes[name])
    changes["ror"] = None if ror is None else identifiers.ror_url("ror", ror)
    current = (
        organisation if isinstance(organisation, models.ItemOrganisation) else (yield from get(organisation))
    )
    body = changed("organisation", models.OrganisationDomainInfo, current, changes)
    request = catalogue.registry.UPDATE_ORGANISATION.about(
        current.id, id=current.id, reason=reason, body=body
    )
    return (yield from call(request))
