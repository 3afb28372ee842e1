"""Workflows for persons, and for the person that an account is linked to."""

from __future__ import annotations

from typing import cast

from provena_api import models

from provena_sdk.display.text import printable
from provena_sdk.errors import BadRequest, InvalidArgument, LinkFailed, OutcomeUnknown, ProvenaError
from provena_sdk.operations import arguments, catalogue, identifiers
from provena_sdk.operations.workflow import Workflow, call, handle_of
from provena_sdk.workflows.registry.agents import PERSON, changed
from provena_sdk.workflows.registry.naming import Matches, is_handle
from provena_sdk.workflows.registry.naming import find as find_named


def find(query: object) -> Workflow[Matches[models.ItemPerson]]:
    """Find persons by name, part of one, e-mail address or ORCID."""
    return (yield from find_named(PERSON, "query", query))


def get(person: object) -> Workflow[models.ItemPerson]:
    """Fetch a person, by handle, name, e-mail address or ORCID."""
    text = arguments.text("person", person).strip()
    if not is_handle(text):
        return (yield from find_named(PERSON, "person", text)).whole("person")
    return (yield from fetch((yield from handle_of("person", text))))


def me() -> Workflow[models.ItemPerson | None]:
    """Fetch the person that the user's account is linked to; None if there is none."""
    linked = yield from _linked()
    return None if linked is None else (yield from fetch(linked))


def of_account(username: str) -> Workflow[models.ItemPerson | None]:
    """Fetch the person that any user's account is linked to; None if there is none."""
    linked = (yield from call(catalogue.auth.LOOKUP_LINK(username=username))).person_id
    return (yield from fetch(linked)) if linked else None


def create(**fields: object) -> Workflow[models.ItemPerson]:
    """Register a person."""
    return (yield from call(catalogue.registry.CREATE_PERSON(body=_person(**fields)))).created_item


def update(
    person: str | models.ItemPerson, reason: str, *, orcid: object, **changes: object
) -> Workflow[models.UpdateResponse]:
    """Change a person: fetch it unless it is given, and send all of it."""
    arguments.text("reason", reason)
    for name in ("first_name", "last_name", "email", "display_name"):
        if changes.get(name) is not None:
            arguments.text(name, changes[name])
    changes["orcid"] = None if orcid is None else identifiers.orcid_url("orcid", orcid)
    current = person if isinstance(person, models.ItemPerson) else (yield from get(person))
    body = changed("person", models.PersonDomainInfo, current, changes)
    request = catalogue.registry.UPDATE_PERSON.about(current.id, id=current.id, reason=reason, body=body)
    return (yield from call(request))


def link(person: str | models.ItemPerson) -> Workflow[models.ItemPerson]:
    """Link the user's account to a person, unless it already is."""
    wanted = person if isinstance(person, models.ItemPerson) else (yield from get(person))
    linked = yield from _linked()
    if linked is None:
        yield from _assign(wanted.id)
    elif linked != wanted.id:
        raise LinkFailed(
            f"Your account is linked to another person, {printable(linked)}.",
            person_id=wanted.id,
            hint="Only an administrator of the deployment can remove that link.",
        )
    return wanted


def link_me(
    *, first_name: object, last_name: object, email: object, **fields: object
) -> Workflow[models.ItemPerson]:
    """Link the user's account to a person, who is created if need be; never create a second one."""
    account_email = None if email is None else arguments.text("email", email)
    # Refuse bad arguments before the network, whoever sends the address.
    _person(first_name=first_name, last_name=last_name, email=account_email or "unknown", **fields)
    if (linked := (yield from me())) is not None:
        return linked
    account = yield from call(catalogue.auth.GENERAL_ACCESS())
    address = account_email or account.email
    if not address:
        raise InvalidArgument("email", "is missing, and your account has none.")
    body = _person(first_name=first_name, last_name=last_name, email=address, **fields)
    person = yield from _own(account.username, body)
    if person is None:
        person = (yield from call(catalogue.registry.CREATE_PERSON(body=body))).created_item
    try:
        yield from _assign(person.id)
    except ProvenaError as error:
        raise LinkFailed(
            f"{printable(person.display_name)} is registered as {person.id}, but not linked to your account: "
            f"{error.message}",
            person_id=person.id,
            # A bad request would be one again: the account has been linked to another person meanwhile.
            hint=error.hint
            if isinstance(error, BadRequest)
            else "Call link_me again: it links this person, and does not create another.",
        ) from error
    return person


def _person(
    *,
    first_name: object,
    last_name: object,
    email: object,
    ethics_approved: object,
    display_name: object = None,
    orcid: object = None,
    user_metadata: object = None,
) -> models.PersonDomainInfo:
    names = [arguments.text("first_name", first_name), arguments.text("last_name", last_name)]
    if arguments.flag("ethics_approved", ethics_approved) is False:
        raise InvalidArgument(
            "ethics_approved", "must be True: the registry takes persons only with their consent."
        )
    data = {
        "first_name": names[0],
        "last_name": names[1],
        "email": arguments.text("email", email),
        "display_name": " ".join(names)
        if display_name is None
        else arguments.text("display_name", display_name),
        "ethics_approved": True,
    }
    return arguments.request(
        "person",
        models.PersonDomainInfo,
        data,
        {
            "orcid": None if orcid is None else identifiers.orcid_url("orcid", orcid),
            "user_metadata": user_metadata,
        },
    )


def _own(username: str, body: models.PersonDomainInfo) -> Workflow[models.ItemPerson | None]:
    """Return the user's person that an earlier call may have created, and refuse to make a second of another's.

    Raises:
        LinkFailed: Somebody else registered this person, or the user several.
    """
    sought = [body.email.casefold(), *filter(None, [identifiers.orcid(body.orcid or "")])]
    same = [
        person
        for person in (yield from PERSON.everything())
        if person.email.casefold() in sought or identifiers.orcid(person.orcid or "") in sought
    ]
    own = [person for person in same if person.owner_username == username]
    if len(own) == 1 or not same:
        return own[0] if own else None
    listed = ", ".join(
        f"{printable(person.id)} (owner {printable(person.owner_username)})" for person in same[:8]
    )
    raise LinkFailed(
        f"The registry has {'a person' if len(same) == 1 else f'{len(same)} persons'} with your e-mail address or "
        f"ORCID: {listed}.",
        person_id=(own or same)[0].id,
        hint="Link one of your own with provena.people.link(handle). To link another's, ask an administrator.",
    )


def fetch(handle: str) -> Workflow[models.ItemPerson]:
    """Fetch a person by handle."""
    answer = yield from call(catalogue.registry.FETCH_PERSON.about(handle, id=handle))
    return cast("models.ItemPerson", answer.item)  # seeds are refused unless they are allowed


def _linked() -> Workflow[str | None]:
    return (yield from call(catalogue.auth.LOOKUP_LINK())).person_id or None


def _assign(person_id: str) -> Workflow[None]:
    """Link the account; a repeated or lost answer is no failure if the link is there."""
    body = models.UserLinkUserAssignRequest(person_id=person_id)
    try:
        yield from call(catalogue.auth.ASSIGN_LINK.about(person_id, body=body))
    except (BadRequest, OutcomeUnknown) as error:
        failed = error
    else:
        return
    if (yield from _linked()) != person_id:
        raise failed
