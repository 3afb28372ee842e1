"""List one page of the datasets that the caller reviews or has reviewed. The filter must name the caller's own person record, and the sort must be RELEASE_TIMESTAMP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.list_user_reviewing_datasets_request import ListUserReviewingDatasetsRequest
from ...models.paginated_dataset_list_response import PaginatedDatasetListResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: ListUserReviewingDatasetsRequest,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: A request for one page of the datasets that the caller reviews.
    """
    return {
        "method": "POST",
        "url": "/registry/entity/dataset/user/releases",
        "json": body.to_dict(),
    }


def parse(data: Any) -> PaginatedDatasetListResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return PaginatedDatasetListResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    body: ListUserReviewingDatasetsRequest,
) -> PaginatedDatasetListResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
    body: ListUserReviewingDatasetsRequest,
) -> PaginatedDatasetListResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())
