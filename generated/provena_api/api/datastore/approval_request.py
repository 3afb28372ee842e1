"""Ask a reviewer to release a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.release_approval_request import ReleaseApprovalRequest
from ...models.release_approval_request_response import ReleaseApprovalRequestResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: ReleaseApprovalRequest,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: A request to release a dataset.
    """
    return {
        "method": "POST",
        "url": "/release/approval-request",
        "json": body.to_dict(),
    }


def parse(data: Any) -> ReleaseApprovalRequestResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return ReleaseApprovalRequestResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    body: ReleaseApprovalRequest,
) -> ReleaseApprovalRequestResponse:
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
    body: ReleaseApprovalRequest,
) -> ReleaseApprovalRequestResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())
