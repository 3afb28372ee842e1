"""Fetch one dataset, with the caller's roles on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.registry_fetch_response import RegistryFetchResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    handle_id: str,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        handle_id: Handle of the dataset.
    """
    params: dict[str, Any] = {
        "handle_id": handle_id,
    }
    return {
        "method": "GET",
        "url": "/registry/items/fetch-dataset",
        "params": params,
    }


def parse(data: Any) -> RegistryFetchResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return RegistryFetchResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    handle_id: str,
) -> RegistryFetchResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(
        **request(
            handle_id=handle_id,
        )
    )
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
    handle_id: str,
) -> RegistryFetchResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            handle_id=handle_id,
        )
    )
    response.raise_for_status()
    return parse(response.json())
