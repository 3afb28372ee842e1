"""List one page of items of any kind, as the rows that are stored. Only a page without a pagination key is the last. A filter by reviewer needs RELEASE_TIMESTAMP as its sort."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.general_list_request import GeneralListRequest
from ...models.paginated_list_response import PaginatedListResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: GeneralListRequest,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: A request for one page of items of any kind.
    """
    return {
        "method": "POST",
        "url": "/registry/general/list",
        "json": body.to_dict(),
    }


def parse(data: Any) -> PaginatedListResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return PaginatedListResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    body: GeneralListRequest,
) -> PaginatedListResponse:
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
    body: GeneralListRequest,
) -> PaginatedListResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())
