"""Link the caller's account to a person, which only an administrator can undo. Answered with 400 if it is linked already, with 401 for a person of somebody else, and with 500 for an unknown id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.user_link_user_assign_request import UserLinkUserAssignRequest
from ...models.user_link_user_assign_response import UserLinkUserAssignResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: UserLinkUserAssignRequest,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: A request to link the caller's account to a person.
    """
    return {
        "method": "POST",
        "url": "/link/user/assign",
        "json": body.to_dict(),
    }


def parse(data: Any) -> UserLinkUserAssignResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return UserLinkUserAssignResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    body: UserLinkUserAssignRequest,
) -> UserLinkUserAssignResponse:
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
    body: UserLinkUserAssignRequest,
) -> UserLinkUserAssignResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())
