"""Approve or reject a release, as the reviewer who was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.action_approval_request import ActionApprovalRequest
from ...models.action_approval_request_response import ActionApprovalRequestResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: ActionApprovalRequest,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: A reviewer's decision on a release.
    """
    return {
        "method": "PUT",
        "url": "/release/action-approval-request",
        "json": body.to_dict(),
    }


def parse(data: Any) -> ActionApprovalRequestResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return ActionApprovalRequestResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    body: ActionApprovalRequest,
) -> ActionApprovalRequestResponse:
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
    body: ActionApprovalRequest,
) -> ActionApprovalRequestResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())
