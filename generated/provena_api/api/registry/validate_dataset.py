"""Check a dataset without registering it. Invalid content is answered with success=false."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.dataset_domain_info import DatasetDomainInfo
from ...models.status_response import StatusResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: DatasetDomainInfo,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: The registry's data about a dataset, without its record.
    """
    return {
        "method": "POST",
        "url": "/registry/entity/dataset/validate",
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
    body: DatasetDomainInfo,
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
    body: DatasetDomainInfo,
) -> StatusResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())
