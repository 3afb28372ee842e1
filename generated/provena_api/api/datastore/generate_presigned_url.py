"""Sign a URL that downloads one file of a dataset, for a limited time and without signing in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.presigned_url_request import PresignedURLRequest
from ...models.presigned_url_response import PresignedURLResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: PresignedURLRequest,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: A request for a signed URL of one file.
    """
    return {
        "method": "POST",
        "url": "/registry/items/generate-presigned-url",
        "json": body.to_dict(),
    }


def parse(data: Any) -> PresignedURLResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return PresignedURLResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    body: PresignedURLRequest,
) -> PresignedURLResponse:
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
    body: PresignedURLRequest,
) -> PresignedURLResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())
