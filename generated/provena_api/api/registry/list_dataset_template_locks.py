"""List who locked and unlocked a dataset template, oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.lock_history_response import LockHistoryResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    id: str,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        id: Handle of the dataset template.
    """
    params: dict[str, Any] = {
        "id": id,
    }
    return {
        "method": "GET",
        "url": "/registry/entity/dataset_template/locks/history",
        "params": params,
    }


def parse(data: Any) -> LockHistoryResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return LockHistoryResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    id: str,
) -> LockHistoryResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(
        **request(
            id=id,
        )
    )
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
    id: str,
) -> LockHistoryResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            id=id,
        )
    )
    response.raise_for_status()
    return parse(response.json())
