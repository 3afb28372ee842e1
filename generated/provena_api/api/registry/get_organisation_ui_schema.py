"""Fetch how the website shows the form for an organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.ui_schema_response import UiSchemaResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request() -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``."""
    return {
        "method": "GET",
        "url": "/registry/agent/organisation/ui_schema",
    }


def parse(data: Any) -> UiSchemaResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return UiSchemaResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
) -> UiSchemaResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(**request())
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
) -> UiSchemaResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(**request())
    response.raise_for_status()
    return parse(response.json())
