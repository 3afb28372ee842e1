"""List the ids of the reviewers, in no particular order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...types import read_list

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request() -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``."""
    return {
        "method": "GET",
        "url": "/release/sys-reviewers/list",
    }


def parse(data: Any) -> list[str]:
    """Read the decoded JSON of a 200 answer.

    Raises:
        TypeError: A value has the wrong type.
    """
    return read_list(data, str, "list_reviewers")


def sync(
    *,
    client: httpx.Client,
) -> list[str]:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(**request())
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
) -> list[str]:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(**request())
    response.raise_for_status()
    return parse(response.json())
