"""Start a job that registers a run of a model, with its inputs and outputs. Not safe to repeat, since each success makes another run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.model_run_record import ModelRunRecord
from ...models.register_model_run_response import RegisterModelRunResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: ModelRunRecord,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: A run of a model.
    """
    return {
        "method": "POST",
        "url": "/model_run/register",
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
    body: ModelRunRecord,
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
    body: ModelRunRecord,
) -> RegisterModelRunResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())
