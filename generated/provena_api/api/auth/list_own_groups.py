"""List the groups that the caller is in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.list_user_membership_response import ListUserMembershipResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request() -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``."""
    return {
        "method": "GET",
        "url": "/groups/user/list_user_membership",
    }


def parse(data: Any) -> ListUserMembershipResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return ListUserMembershipResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
) -> ListUserMembershipResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(**request())
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
) -> ListUserMembershipResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(**request())
    response.raise_for_status()
    return parse(response.json())
