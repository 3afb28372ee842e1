"""Check dataset metadata without registering it. Invalid content is answered with success=false."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.collection_format import CollectionFormat
from ...models.status import Status

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: CollectionFormat,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: The metadata of a dataset, as its owner writes it.
    """
    return {
        "method": "POST",
        "url": "/metadata/validate-metadata",
        "json": body.to_dict(),
    }


def parse(data: Any) -> Status:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return Status.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    body: CollectionFormat,
) -> Status:
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
    body: CollectionFormat,
) -> Status:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())
