"""Issue temporary storage credentials that read and write a dataset's files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.credential_response import CredentialResponse
from ...models.credentials_request import CredentialsRequest

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: CredentialsRequest,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: A request for temporary storage credentials.
    """
    return {
        "method": "POST",
        "url": "/registry/credentials/generate-write-access-credentials",
        "json": body.to_dict(),
    }


def parse(data: Any) -> CredentialResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return CredentialResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    body: CredentialsRequest,
) -> CredentialResponse:
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
    body: CredentialsRequest,
) -> CredentialResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
        )
    )
    response.raise_for_status()
    return parse(response.json())
