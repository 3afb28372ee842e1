"""Lock a dataset template against changes, as its administrator. Answered with 400 if it is locked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.lock_change_request import LockChangeRequest
from ...models.status_response import StatusResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: LockChangeRequest,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: A request to lock or unlock an item.
    """
    return {
        "method": "PUT",
        "url": "/registry/entity/dataset_template/locks/lock",
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
    body: LockChangeRequest,
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
    body: LockChangeRequest,
) -> StatusResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())
