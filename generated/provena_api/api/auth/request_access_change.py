"""Ask the administrators for roles. Not safe to repeat: a second request within five days is refused with success=false."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.access_report import AccessReport
from ...models.access_request_response import AccessRequestResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: AccessReport,
    send_email: bool = True,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: Roles, by the part of Provena they are for.
        send_email: Whether the administrators get an e-mail.
    """
    params: dict[str, Any] = {
        "send_email": send_email,
    }
    return {
        "method": "POST",
        "url": "/access-control/user/request-change",
        "params": params,
        "json": body.to_dict(),
    }


def parse(data: Any) -> AccessRequestResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return AccessRequestResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    body: AccessReport,
    send_email: bool = True,
) -> AccessRequestResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(
        **request(
            body=body,
            send_email=send_email,
        )
    )
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
    body: AccessReport,
    send_email: bool = True,
) -> AccessRequestResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
            send_email=send_email,
        )
    )
    response.raise_for_status()
    return parse(response.json())
