"""Fetch the search service's own configuration, as text. For registry administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...types import wrong_type

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    required_only: bool = True,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        required_only: Leave out the settings that have a default.
    """
    params: dict[str, Any] = {
        "required_only": required_only,
    }
    return {
        "method": "GET",
        "url": "/admin/config",
        "params": params,
    }


def parse(data: Any) -> str:
    """Read the text of a 200 answer.

    Raises:
        TypeError: A value has the wrong type.
    """
    if not isinstance(data, str):
        raise wrong_type("generate_config_file", "a string", data)
    return data


def sync(
    *,
    client: httpx.Client,
    required_only: bool = True,
) -> str:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(
        **request(
            required_only=required_only,
        )
    )
    response.raise_for_status()
    return parse(response.text)


async def asyncio(
    *,
    client: httpx.AsyncClient,
    required_only: bool = True,
) -> str:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            required_only=required_only,
        )
    )
    response.raise_for_status()
    return parse(response.text)
