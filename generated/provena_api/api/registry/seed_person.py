"""Reserve a handle for a person. Not safe to repeat, since each success reserves another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.person_seed_response import PersonSeedResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request() -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``."""
    return {
        "method": "POST",
        "url": "/registry/agent/person/seed",
    }


def parse(data: Any) -> PersonSeedResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return PersonSeedResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
) -> PersonSeedResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(**request())
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
) -> PersonSeedResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(**request())
    response.raise_for_status()
    return parse(response.json())
