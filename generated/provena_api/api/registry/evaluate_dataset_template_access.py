"""Return the caller's roles on a dataset template, none for a private one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.describe_access_response import DescribeAccessResponse

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
        "url": "/registry/entity/dataset_template/auth/evaluate",
        "params": params,
    }


def parse(data: Any) -> DescribeAccessResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return DescribeAccessResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    id: str,
) -> DescribeAccessResponse:
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
) -> DescribeAccessResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            id=id,
        )
    )
    response.raise_for_status()
    return parse(response.json())
