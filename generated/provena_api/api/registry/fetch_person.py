"""Fetch a person, with the caller's roles on it. An unknown id is answered with success=false."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.person_fetch_response import PersonFetchResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    id: str,
    seed_allowed: bool = False,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        id: Handle of the person.
        seed_allowed: Whether to return a seed item as well.
    """
    params: dict[str, Any] = {
        "id": id,
        "seed_allowed": seed_allowed,
    }
    return {
        "method": "GET",
        "url": "/registry/agent/person/fetch",
        "params": params,
    }


def parse(data: Any) -> PersonFetchResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return PersonFetchResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    id: str,
    seed_allowed: bool = False,
) -> PersonFetchResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(
        **request(
            id=id,
            seed_allowed=seed_allowed,
        )
    )
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
    id: str,
    seed_allowed: bool = False,
) -> PersonFetchResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            id=id,
            seed_allowed=seed_allowed,
        )
    )
    response.raise_for_status()
    return parse(response.json())
