"""Start a job that registers several runs of a model. Not safe to repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.register_batch_model_run_request import RegisterBatchModelRunRequest
from ...models.register_model_run_response import RegisterModelRunResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: RegisterBatchModelRunRequest,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: A request to register several runs.
    """
    return {
        "method": "POST",
        "url": "/model_run/register_batch",
        "json": body.to_dict(),
    }


def parse(data: Any) -> RegisterModelRunResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return RegisterModelRunResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    body: RegisterBatchModelRunRequest,
) -> RegisterModelRunResponse:
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
    body: RegisterBatchModelRunRequest,
) -> RegisterModelRunResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())
