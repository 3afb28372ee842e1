"""Replace a dataset's metadata, keeping the old state in its history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.collection_format import CollectionFormat
from ...models.update_metadata_response import UpdateMetadataResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: CollectionFormat,
    handle_id: str,
    reason: str,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: The metadata of a dataset, as its owner writes it.
        handle_id: Handle of the dataset.
        reason: Why the metadata changes; kept in the history, and must not be empty.
    """
    params: dict[str, Any] = {
        "handle_id": handle_id,
        "reason": reason,
    }
    return {
        "method": "POST",
        "url": "/register/update-metadata",
        "params": params,
        "json": body.to_dict(),
    }


def parse(data: Any) -> UpdateMetadataResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return UpdateMetadataResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    body: CollectionFormat,
    handle_id: str,
    reason: str,
) -> UpdateMetadataResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(
        **request(
            body=body,
            handle_id=handle_id,
            reason=reason,
        )
    )
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
    body: CollectionFormat,
    handle_id: str,
    reason: str,
) -> UpdateMetadataResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
            handle_id=handle_id,
            reason=reason,
        )
    )
    response.raise_for_status()
    return parse(response.json())
