"""Look up the person that an account is linked to. Without a link, success is False and the id is None."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.user_link_user_lookup_response import UserLinkUserLookupResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    username: str | None = None,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        username: The account; the caller's own when left out or empty.
    """
    params: dict[str, Any] = {}
    if username is not None:
        params["username"] = username
    return {
        "method": "GET",
        "url": "/link/user/lookup",
        "params": params,
    }


def parse(data: Any) -> UserLinkUserLookupResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return UserLinkUserLookupResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    username: str | None = None,
) -> UserLinkUserLookupResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(
        **request(
            username=username,
        )
    )
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
    username: str | None = None,
) -> UserLinkUserLookupResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            username=username,
        )
    )
    response.raise_for_status()
    return parse(response.json())
