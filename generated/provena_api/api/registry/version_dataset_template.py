"""Make a new version of a dataset template. Not safe to repeat, since each success makes another version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.version_request import VersionRequest
from ...models.version_response import VersionResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: VersionRequest,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: A request for a new version of a dataset.
    """
    return {
        "method": "POST",
        "url": "/registry/entity/dataset_template/version",
        "json": body.to_dict(),
    }


def parse(data: Any) -> VersionResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return VersionResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    body: VersionRequest,
) -> VersionResponse:
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
    body: VersionRequest,
) -> VersionResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())
