"""List one page of the people. Only a page without a pagination key is the last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.person_list_response import PersonListResponse
from ...models.subtype_list_request import SubtypeListRequest

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: SubtypeListRequest,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: A request for one page of items of one kind.
    """
    return {
        "method": "POST",
        "url": "/registry/agent/person/list",
        "json": body.to_dict(),
    }


def parse(data: Any) -> PersonListResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return PersonListResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    body: SubtypeListRequest,
) -> PersonListResponse:
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
    body: SubtypeListRequest,
) -> PersonListResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())
