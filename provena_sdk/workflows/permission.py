"""Calls about one dataset; an error of missing permission names the dataset's owner."""

from __future__ import annotations

from typing import TypeVar

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
    denied.name_owner((yield from _owner(request.dataset_id)))
    # The look-up ran inside an except clause; its failure must not show up as the context of this error.
    raise denied from None


def _owner(dataset_id: str | None) -> Workflow[str | None]:
    if dataset_id is None:
        return None
    try:
        answer = yield from call(catalogue.datastore.FETCH_DATASET.about(dataset_id, handle_id=dataset_id))
    except ProvenaError:
        # Most likely a private dataset; the denial itself is what matters.
        return None
    return answer.item.owner_username
