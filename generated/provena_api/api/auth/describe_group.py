"""Return a group's name and description. An unknown id is answered with success=false."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.describe_group_response import DescribeGroupResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    id: str,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        id: Id of the group, which is not its display name.
    """
    params: dict[str, Any] = {
        "id": id,
    }
    return {
        "method": "GET",
        "url": "/groups/user/describe_group",
        "params": params,
    }


def parse(data: Any) -> DescribeGroupResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return DescribeGroupResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    id: str,
) -> DescribeGroupResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(
        **request(
            id=id,
        )
    )
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
    id: str,
) -> DescribeGroupResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            id=id,
        )
    )
    response.raise_for_status()
    return parse(response.json())
