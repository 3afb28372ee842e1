"""Return whether the caller is in a group. An unknown id is answered with success=false."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.check_membership_response import CheckMembershipResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    group_id: str,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        group_id: Id of the group, which is not its display name.
    """
    params: dict[str, Any] = {
        "group_id": group_id,
    }
    return {
        "method": "GET",
        "url": "/groups/user/check_membership",
        "params": params,
    }


def parse(data: Any) -> CheckMembershipResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return CheckMembershipResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    group_id: str,
) -> CheckMembershipResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(
        **request(
            group_id=group_id,
        )
    )
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
    group_id: str,
) -> CheckMembershipResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            group_id=group_id,
        )
    )
    response.raise_for_status()
    return parse(response.json())
