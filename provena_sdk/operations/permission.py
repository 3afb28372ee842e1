"""Calls about one dataset: whoever is refused learns whom to ask."""

from __future__ import annotations

from typing import TypeVar

from provena_sdk.errors import DatasetAccessDenied, ProvenaError
from provena_sdk.operations import catalogue
from provena_sdk.operations.operation import Call
from provena_sdk.operations.workflow import Workflow, call

T = TypeVar("T")


def call_on(request: Call[T]) -> Workflow[T]:
    """Send a request about one dataset; when it is refused, look up whose dataset it is.

    Who may not read or change a dataset's files may often see its metadata, and there the owner is named.

    Args:
        request: The call to send.

    Returns:
        The answer, parsed.

    Raises:
        DatasetAccessDenied: Refused; it names the owner if that could be found out.
        ProvenaError: The answer is another error, or there is none.
    """
    try:
        return (yield from call(request))
    except DatasetAccessDenied as error:
        denied = error
    denied.name_owner((yield from _owner(request.dataset_id)))
    # The driver goes on inside an except clause; a failed look-up there is none of the reader's business.
    raise denied from None


def _owner(dataset_id: str | None) -> Workflow[str | None]:
    if dataset_id is None:
        return None
    try:
        answer = yield from call(catalogue.FETCH_DATASET.about(dataset_id, handle_id=dataset_id))
    except ProvenaError:
        # A private dataset, most likely; what matters is the refusal itself.
        return None
    return answer.item.owner_username
