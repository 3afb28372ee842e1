"""Check an organisation without registering it. Invalid content is answered with success=false."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.organisation_domain_info import OrganisationDomainInfo
from ...models.status_response import StatusResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: OrganisationDomainInfo,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: What the registry keeps about an organisation, without its record.
    """
    return {
        "method": "POST",
        "url": "/registry/agent/organisation/validate",
        "json": body.to_dict(),
    }


def parse(data: Any) -> StatusResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return StatusResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    body: OrganisationDomainInfo,
) -> StatusResponse:
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
    body: OrganisationDomainInfo,
) -> StatusResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())
