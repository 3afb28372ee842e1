"""Start a job that writes a report on an item's lineage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.generate_report_request import GenerateReportRequest
from ...models.generate_report_response import GenerateReportResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: GenerateReportRequest,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: A request for a report on an item's lineage.
    """
    return {
        "method": "POST",
        "url": "/explore/generate/report",
        "json": body.to_dict(),
    }


def parse(data: Any) -> GenerateReportResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return GenerateReportResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    body: GenerateReportRequest,
) -> GenerateReportResponse:
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
    body: GenerateReportRequest,
) -> GenerateReportResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())
