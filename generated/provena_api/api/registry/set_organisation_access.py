"""Replace all access settings of an organisation, as its administrator. The owner cannot be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.access_settings import AccessSettings
from ...models.status_response import StatusResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: AccessSettings,
    id: str,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: Who may do what with an item.
        id: Handle of the organisation.
    """
    params: dict[str, Any] = {
        "id": id,
    }
    return {
        "method": "PUT",
        "url": "/registry/agent/organisation/auth/configuration",
        "params": params,
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
    body: AccessSettings,
    id: str,
) -> StatusResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(
        **request(
            body=body,
            id=id,
        )
    )
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
    body: AccessSettings,
    id: str,
) -> StatusResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
            id=id,
        )
    )
    response.raise_for_status()
    return parse(response.json())
