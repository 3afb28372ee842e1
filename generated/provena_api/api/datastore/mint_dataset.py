"""Register a new dataset and give it a handle. Not safe to repeat, since each success makes another dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.collection_format import CollectionFormat
from ...models.mint_response import MintResponse

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
        "url": "/register/mint-dataset",
        "json": body.to_dict(),
    }


def parse(data: Any) -> MintResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return MintResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    body: CollectionFormat,
) -> MintResponse:
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
) -> MintResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())
