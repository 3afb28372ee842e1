"""Workflows for the datastore."""

from __future__ import annotations

from attrs import evolve
from provena_api.models import (
    CollectionFormat,
    CredentialResponse,
    CredentialsRequest,
    DatasetListResponse,
    HealthCheckResponse,
    ItemDataset,
    ItemRevertRequest,
    MintResponse,
    NoFilterSubtypeListRequest,
    PaginationKey,
    PresignedURLRequest,
    PresignedURLResponse,
    RegistryFetchResponse,
    StatusResponse,
    UpdateMetadataResponse,
    VersionRequest,
    VersionResponse,
)

from provena_sdk import metadata as dataset_metadata
from provena_sdk.errors import InvalidArgument, UnreadableAnswer
from provena_sdk.operations import access, arguments, catalogue
from provena_sdk.operations.handles import is_handle
from provena_sdk.operations.workflow import Workflow, call, handle_of
from provena_sdk.paging import Page
from provena_sdk.paging.page import warn_of_unreadable
from provena_sdk.workflows.permission import call_on
from provena_sdk.workflows.registry.agents import named_agents
from provena_sdk.workflows.registry.listing import DEFAULT_PAGE_SIZE, PAGE_SIZE, rows_for, sort, unreadable

LONGEST_EXPIRY = 86_400
"""Longest lifetime of a presigned URL, in seconds; the service answers 422 above it."""

DEFAULT_EXPIRY = 10_800
"""Default lifetime of a presigned URL, in seconds; the service's own default."""

MOST_VERSIONS = 1000
"""Most versions to follow to the newest; each takes a request."""


def health_check() -> Workflow[HealthCheckResponse]:
    """Ask whether the service is up."""
    return (yield from call(catalogue.datastore.HEALTH_CHECK()))


def check_access(level: str) -> Workflow[access.UserAccess]:
    """Ask whether the user has a level of access."""
    operation = catalogue.datastore.ACCESS[access.level(level)]
    return access.user_access((yield from call(operation())))


def dataset_schema() -> Workflow[dict[str, object]]:
    """Fetch the JSON schema of dataset metadata."""
    answer = yield from call(catalogue.datastore.DATASET_SCHEMA())
    return answer.json_schema


def fetch_dataset(argument: str, dataset_id: str) -> Workflow[RegistryFetchResponse]:
    """Fetch a dataset's item."""
    handle = yield from handle_of(argument, dataset_id)
    return (yield from call(catalogue.datastore.FETCH_DATASET.about(handle, handle_id=handle)))


def latest_version(argument: str, dataset_id: str) -> Workflow[str]:
    """Follow a dataset's versions to the newest one."""
    first = current = yield from handle_of(argument, dataset_id)
    seen: set[str] = set()
    while len(seen) < MOST_VERSIONS:
        answer = yield from fetch_dataset(argument, current)
        seen.add(current)
        versions = answer.item.versioning_info
        following = versions.next_version if versions is not None else None
        if not following:
            return current
        if following in seen or not is_handle(following):
            break
        current = following
    raise UnreadableAnswer(
        f"The versions of dataset {first} have no newest one: they form a circle, or the chain is broken.",
        operation=catalogue.datastore.FETCH_DATASET.name,
        status=200,
        dataset_id=first,
        hint="Ask the deployment's operator to repair the order of the versions.",
    )


def mint_dataset(metadata: object) -> Workflow[MintResponse]:
    """Register a new dataset."""
    body = yield from named_agents(_checked("dataset_mint_info", metadata))
    return (yield from call(catalogue.datastore.MINT_DATASET(body=body)))


def validate_metadata(metadata: object) -> Workflow[StatusResponse]:
    """Validate metadata; the service's flat answer is converted to the form of its other answers."""
    body = yield from named_agents(_checked("metadata_payload", metadata))
    return StatusResponse(status=(yield from call(catalogue.datastore.VALIDATE_METADATA(body=body))))


def _checked(argument: str, given: object) -> CollectionFormat:
    """Check metadata before they are sent."""
    return dataset_metadata.sources.dataset_metadata(argument, given)


def update_metadata(
    dataset_id: str, reason: str, metadata: object, *, argument: str = "handle_id"
) -> Workflow[UpdateMetadataResponse]:
    """Replace a dataset's metadata."""
    handle = yield from handle_of(argument, dataset_id)
    checked = arguments.text("reason", reason)
    body = yield from named_agents(_checked("metadata_payload", metadata))
    operation = catalogue.datastore.UPDATE_METADATA
    return (yield from call_on(operation.about(handle, handle_id=handle, reason=checked, body=body)))


def revert_metadata(
    given: object, *, argument: str = "metadata_payload", **fields: object
) -> Workflow[StatusResponse]:
    """Restore an earlier version of a dataset's metadata."""
    body = arguments.request(argument, ItemRevertRequest, given, fields)
    body.id = yield from handle_of("id", body.id)
    arguments.text("reason", body.reason)
    arguments.count("history_id", body.history_id, least=0)
    return (yield from call_on(catalogue.datastore.REVERT_METADATA.about(body.id, body=body)))


def version_dataset(
    given: object, *, argument: str = "version_request", **fields: object
) -> Workflow[VersionResponse]:
    """Make a new version of a dataset."""
    body = arguments.request(argument, VersionRequest, given, fields)
    body.id = yield from handle_of("id", body.id)
    arguments.text("reason", body.reason)
    return (yield from call_on(catalogue.datastore.VERSION_DATASET.about(body.id, body=body)))


def list_request(
    given: object, *, page_size: int | None = None, **fields: object
) -> NoFilterSubtypeListRequest:
    """Build the request for a listing.

    Args:
        given: The request as a model, a mapping or a pydantic object, or None.
        page_size: Rows per page.
        fields: ``sort_by``, ``ascending``, ``begins_with``, ``pagination_key``; None means not given.

    Returns:
        A new request.

    Raises:
        InvalidArgument: The page size is not positive, or the service cannot sort this way.
    """
    argument = "list_dataset_request"
    ascending, begins_with = fields.pop("ascending", None), fields.pop("begins_with", None)
    sort_by = fields.pop("sort_by", None)
    body = arguments.request(argument, NoFilterSubtypeListRequest, given, {"page_size": page_size, **fields})
    body.sort_by = sort(body.sort_by if sort_by is None else sort_by, ascending, begins_with)
    arguments.count("page_size", body.page_size)
    return body


def listing(
    given: object,
    total_limit: int | None,
    *,
    page_size: int | None = None,
    filtered: bool = False,
    **fields: object,
) -> NoFilterSubtypeListRequest:
    """Build the request for listing everything, with large pages unless the caller chose a size.

    Args:
        given: The request as a model, a mapping or a pydantic object, or None.
        total_limit: Datasets at most; None for all.
        page_size: Rows per page.
        filtered: Whether only some datasets of a page are wanted, so that ``total_limit`` says nothing about its size.
        fields: As for :func:`list_request`.
    """
    size = rows_for(total_limit)
    if filtered:
        size = PAGE_SIZE
    body = list_request(given, page_size=page_size, **fields)
    if page_size is None and body.page_size == DEFAULT_PAGE_SIZE:
        # The default of a request object looks like a choice of 20; larger pages list everything faster.
        body.page_size = size
    return body


def list_datasets(body: NoFilterSubtypeListRequest) -> Workflow[DatasetListResponse]:
    """Fetch one page of the listing."""
    answer = yield from call(catalogue.datastore.LIST_DATASETS(body=body))
    warn_of_unreadable(unreadable(ItemDataset, answer.unparsable_items))
    return answer


def list_page(body: NoFilterSubtypeListRequest, key: object | None) -> Workflow[Page[ItemDataset]]:
    """Fetch the page of the listing for a key, which is sent back unchanged."""
    asked = evolve(body, pagination_key=key) if isinstance(key, PaginationKey) else body
    answer = yield from call(catalogue.datastore.LIST_DATASETS(body=asked))
    return Page(answer.items, answer.pagination_key, unreadable(ItemDataset, answer.unparsable_items))


def presigned_url(
    given: object, *, argument: str = "dataset_presigned_request", **fields: object
) -> Workflow[PresignedURLResponse]:
    """Get a URL that gives one file to whoever holds it."""
    body = arguments.request(argument, PresignedURLRequest, given, fields)
    body.dataset_id = yield from handle_of("dataset_id", body.dataset_id)
    arguments.text("file_path", body.file_path)
    arguments.count("expires_in", body.expires_in, most=LONGEST_EXPIRY)
    for forbidden in ("..", "//", "\\"):
        if forbidden in body.file_path:
            raise InvalidArgument(
                "file_path", f"must not contain {forbidden!r}; the service refuses such paths."
            )
    return (yield from call_on(catalogue.datastore.PRESIGNED_URL.about(body.dataset_id, body=body)))


def read_credentials(
    given: object, *, argument: str = "credentials", **fields: object
) -> Workflow[CredentialResponse]:
    """Get temporary credentials that read a dataset's files."""
    body = yield from _credentials_request(argument, given, fields)
    return (yield from call_on(catalogue.datastore.READ_CREDENTIALS.about(body.dataset_id, body=body)))


def write_credentials(
    given: object, *, argument: str = "credentials", **fields: object
) -> Workflow[CredentialResponse]:
    """Get temporary credentials that read and write a dataset's files."""
    body = yield from _credentials_request(argument, given, fields)
    return (yield from call_on(catalogue.datastore.WRITE_CREDENTIALS.about(body.dataset_id, body=body)))


def _credentials_request(
    argument: str, given: object, fields: dict[str, object]
) -> Workflow[CredentialsRequest]:
    data = {
        "console_session_required": False,
        **(arguments.json_data(argument, given) if given is not None else {}),
    }
    body = arguments.request(argument, CredentialsRequest, data, fields)
    body.dataset_id = yield from handle_of("dataset_id", body.dataset_id)
    return body
