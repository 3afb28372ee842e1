"""List all roles of the deployment, and which of them the caller's token has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.access_report_response import AccessReportResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request() -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``."""
    return {
        "method": "GET",
        "url": "/access-control/user/generate-access-report",
    }


def parse(data: Any) -> AccessReportResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return AccessReportResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
) -> AccessReportResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(**request())
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
) -> AccessReportResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(**request())
    response.raise_for_status()
    return parse(response.json())
