"""Reserve a handle for a dataset template. Not safe to repeat, since each success reserves another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.dataset_template_seed_response import DatasetTemplateSeedResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request() -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``."""
    return {
        "method": "POST",
        "url": "/registry/entity/dataset_template/seed",
    }


def parse(data: Any) -> DatasetTemplateSeedResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return DatasetTemplateSeedResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
) -> DatasetTemplateSeedResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(**request())
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
) -> DatasetTemplateSeedResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(**request())
    response.raise_for_status()
    return parse(response.json())
