"""Make the search service fail on purpose, to test its error reporting. For registry administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request() -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``."""
    return {
        "method": "GET",
        "url": "/admin/sentry-debug",
    }


def parse(data: Any) -> Any:
    """Read the decoded JSON of a 200 answer."""
    return data


def sync(
    *,
    client: httpx.Client,
) -> Any:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(**request())
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
) -> Any:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(**request())
    response.raise_for_status()
    return parse(response.json())
