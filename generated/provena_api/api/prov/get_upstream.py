"""Return what an item came from. An unknown id is answered with 500."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.lineage_response import LineageResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    starting_id: str,
    depth: int | None = None,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        starting_id: Handle of the item to start from.
        depth: How many steps to follow, 1 to 10; 2 when left out.
    """
    params: dict[str, Any] = {
        "starting_id": starting_id,
    }
    if depth is not None:
        params["depth"] = depth
    return {
        "method": "GET",
        "url": "/explore/upstream",
        "params": params,
    }


def parse(data: Any) -> LineageResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return LineageResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    starting_id: str,
    depth: int | None = None,
) -> LineageResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(
        **request(
            starting_id=starting_id,
            depth=depth,
        )
    )
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
    starting_id: str,
    depth: int | None = None,
) -> LineageResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            starting_id=starting_id,
            depth=depth,
        )
    )
    response.raise_for_status()
    return parse(response.json())
