"""Calls about one dataset; an error of missing permission names the dataset's owner."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from provena_api.models import ItemPerson

from provena_sdk.errors import DatasetAccessDenied, ProvenaError
from provena_sdk.operations import catalogue
from provena_sdk.operations.operation import Call
from provena_sdk.operations.workflow import Workflow, call

T = TypeVar("T")


def call_on(request: Call[T]) -> Workflow[T]:
    """Send a request about one dataset; if permission is denied, look up the owner.

    The metadata of a dataset, which name its owner, are often visible to users who may not access its files.

    Args:
        request: The call to send.

    Returns:
        The answer, parsed.

    Raises:
        DatasetAccessDenied: Permission denied; the error names the owner if known.
        ProvenaError: The answer is another error, or there is none.
    """
    try:
        return (yield from call(request))
    except DatasetAccessDenied as error:
        denied = error
    denied.name_owner(*(yield from _owner(request.dataset_id)))
    # The look-up ran inside an except clause; its failure must not show up as the context of this error.
    raise denied from None


def _owner(dataset_id: str | None) -> Workflow[tuple[str | None, str | None]]:
    """Return the user name and the e-mail address of a dataset's owner, each None if it cannot be found out."""
    if dataset_id is None:
        return None, None
    try:
        answer = yield from call(catalogue.datastore.FETCH_DATASET.about(dataset_id, handle_id=dataset_id))
    except ProvenaError:
        # Most likely a private dataset; the denial itself is what matters.
        return None, None
    owner = answer.item.owner_username
    return owner, (yield from _email(owner))


def _email(username: str) -> Workflow[str | None]:
    """Return the e-mail address of the person that an account is linked to, which most users may see."""
    try:
        link = yield from call(replace(catalogue.auth.LOOKUP_LINK(username=username), once=True))
        if link.person_id is None:
            return None
        answer = yield from call(replace(catalogue.registry.FETCH_PERSON(id=link.person_id), once=True))
    except ProvenaError:
        return None
    return answer.item.email if isinstance(answer.item, ItemPerson) else None
