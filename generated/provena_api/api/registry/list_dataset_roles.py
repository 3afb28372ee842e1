"""List the roles that access settings of a dataset can grant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.auth_roles_response import AuthRolesResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request() -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``."""
    return {
        "method": "GET",
        "url": "/registry/entity/dataset/auth/roles",
    }


def parse(data: Any) -> AuthRolesResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return AuthRolesResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
) -> AuthRolesResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(**request())
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
) -> AuthRolesResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(**request())
    response.raise_for_status()
    return parse(response.json())
