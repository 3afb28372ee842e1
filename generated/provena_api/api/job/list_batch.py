"""List one page of the jobs of one batch, newest first. All of them must be the caller's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.list_by_batch_request import ListByBatchRequest
from ...models.list_jobs_response import ListJobsResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: ListByBatchRequest,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: A request for one page of the jobs of a batch.
    """
    return {
        "method": "POST",
        "url": "/jobs/user/list_batch",
        "json": body.to_dict(),
    }


def parse(data: Any) -> ListJobsResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return ListJobsResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    body: ListByBatchRequest,
) -> ListJobsResponse:
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
    body: ListByBatchRequest,
) -> ListJobsResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())
