"""Persons and organisations: listing, finding and changing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from attrs import AttrsInstance, evolve, fields_dict
from provena_api import models

from provena_sdk.operations import arguments, catalogue
from provena_sdk.operations.arguments import M
from provena_sdk.operations.workflow import Workflow, call
from provena_sdk.paging import Page, PageKey
from provena_sdk.workflows.registry.listing import every, rows_for, sort, unreadable
from provena_sdk.workflows.registry.naming import Kind, reference, references


def list_request(
    *, sort_by: object = None, ascending: object = None, total_limit: int | None = None
) -> models.SubtypeListRequest:
    """Build the request for listing all persons, or all organisations.

    Raises:
        InvalidArgument: The registry cannot sort this way.
    """
    return models.SubtypeListRequest(sort_by=sort(sort_by, ascending), page_size=rows_for(total_limit))


def people_page(body: models.SubtypeListRequest, key: PageKey | None) -> Workflow[Page[models.ItemPerson]]:
    """Fetch the page of persons for a key; None is the first."""
    answer = yield from call(catalogue.registry.LIST_PEOPLE(body=_at(body, key)))
    left_out = unreadable(models.ItemPerson, answer.unparsable_items)
    return Page(answer.items, answer.pagination_key, left_out)


def organisations_page(
    body: models.SubtypeListRequest, key: PageKey | None
) -> Workflow[Page[models.ItemOrganisation]]:
    """Fetch the page of organisations for a key; None is the first."""
    answer = yield from call(catalogue.registry.LIST_ORGANISATIONS(body=_at(body, key)))
    left_out = unreadable(models.ItemOrganisation, answer.unparsable_items)
    return Page(answer.items, answer.pagination_key, left_out)


def _at(body: models.SubtypeListRequest, key: PageKey | None) -> models.SubtypeListRequest:
    return evolve(body, pagination_key=key) if isinstance(key, models.PaginationKey) else body


def _all_people() -> Workflow[list[models.ItemPerson]]:
    body = list_request()
    return (yield from every(lambda key: people_page(body, key)))


def _people_names(person: models.ItemPerson) -> Sequence[str | None]:
    return person.display_name, f"{person.first_name} {person.last_name}"


def _people_identifiers(person: models.ItemPerson) -> Sequence[str | None]:
    return person.email, person.orcid


def _all_organisations() -> Workflow[list[models.ItemOrganisation]]:
    body = list_request()
    return (yield from every(lambda key: organisations_page(body, key)))


def _organisation_names(organisation: models.ItemOrganisation) -> Sequence[str | None]:
    return organisation.display_name, organisation.name


def _organisation_identifiers(organisation: models.ItemOrganisation) -> Sequence[str | None]:
    return (organisation.ror,)


PERSON: Final[Kind[models.ItemPerson]] = Kind(
    "person",
    "persons",
    _all_people,
    _people_names,
    _people_identifiers,
    "provena.people.list() lists all persons, and provena.people.create(...) registers one.",
)
"""What an argument means that names a person."""

ORGANISATION: Final[Kind[models.ItemOrganisation]] = Kind(
    "organisation",
    "organisations",
    _all_organisations,
    _organisation_names,
    _organisation_identifiers,
    "provena.organisations.list() lists all, and provena.organisations.create(...) registers one.",
)
"""What an argument means that names an organisation."""


def changed(argument: str, model: type[M], current: Any, changes: Mapping[str, object]) -> M:
    """Return an agent's domain information with changes, whole: the registry replaces all of it.

    Args:
        argument: The argument's name, for messages.
        model: ``PersonDomainInfo`` or ``OrganisationDomainInfo``.
        current: The item.
        changes: New values of single fields; None means unchanged.

    Returns:
        What to send.

    Raises:
        InvalidArgument: A value has the wrong type.
    """
    data = arguments.json_data(argument, current)
    body = {name: data[name] for name in fields_dict(cast("type[AttrsInstance]", model)) if name in data}
    return arguments.request(argument, model, body, changes)


def named_agents(metadata: models.CollectionFormat) -> Workflow[models.CollectionFormat]:
    """Replace names of organisations and persons in dataset metadata by their handles, where there are names.

    Raises:
        NameNotFound: There is no organisation or person of that name.
        NameAmbiguous: Several have that name.
    """
    associations, info = metadata.associations, metadata.dataset_info
    organisations = yield from references(
        ORGANISATION,
        {
            "associations.organisation_id": associations.organisation_id,
            "dataset_info.publisher_id": info.publisher_id,
        },
    )
    associations.organisation_id = organisations["associations.organisation_id"]
    info.publisher_id = organisations["dataset_info.publisher_id"]
    if associations.data_custodian_id is not None:
        associations.data_custodian_id = yield from reference(
            PERSON, "associations.data_custodian_id", associations.data_custodian_id
        )
    return metadata
