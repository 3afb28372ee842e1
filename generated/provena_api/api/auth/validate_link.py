"""Check whether the caller's account can be linked to a person. Answered with success=false if it is linked already, with 401 for a person of somebody else, and with 500 for an unknown id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.user_link_user_validate_request import UserLinkUserValidateRequest
from ...models.user_link_user_validate_response import UserLinkUserValidateResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: UserLinkUserValidateRequest,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: A request to check whether the caller's account can be linked to a person.
    """
    return {
        "method": "POST",
        "url": "/link/user/validate",
        "json": body.to_dict(),
    }


def parse(data: Any) -> UserLinkUserValidateResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return UserLinkUserValidateResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    body: UserLinkUserValidateRequest,
) -> UserLinkUserValidateResponse:
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
    body: UserLinkUserValidateRequest,
) -> UserLinkUserValidateResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())
