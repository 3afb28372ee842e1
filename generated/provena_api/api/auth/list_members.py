"""List a group's members, for its members. All others, and unknown ids, get success=false."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.list_members_response import ListMembersResponse

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
        "url": "/groups/user/list_members",
        "params": params,
    }


def parse(data: Any) -> ListMembersResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return ListMembersResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    id: str,
) -> ListMembersResponse:
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
) -> ListMembersResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            id=id,
        )
    )
    response.raise_for_status()
    return parse(response.json())
