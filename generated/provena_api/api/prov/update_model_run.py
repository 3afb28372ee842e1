"""Start a job that replaces the record of a run of a model. Not safe to repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.post_update_model_run_input import PostUpdateModelRunInput
from ...models.post_update_model_run_response import PostUpdateModelRunResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: PostUpdateModelRunInput,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: A request to replace the record of a run.
    """
    return {
        "method": "POST",
        "url": "/model_run/update",
        "json": body.to_dict(),
    }


def parse(data: Any) -> PostUpdateModelRunResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return PostUpdateModelRunResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    body: PostUpdateModelRunInput,
) -> PostUpdateModelRunResponse:
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
    body: PostUpdateModelRunInput,
) -> PostUpdateModelRunResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())
