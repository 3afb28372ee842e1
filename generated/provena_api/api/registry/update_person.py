"""Replace a person, keeping the old state in its history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.person_domain_info import PersonDomainInfo
from ...models.update_response import UpdateResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    body: PersonDomainInfo,
    id: str,
    reason: str | None = None,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        body: What the registry keeps about a person, without its record.
        id: Handle of the person.
        reason: Why it changes, kept in the history; only a seed item needs none.
    """
    params: dict[str, Any] = {
        "id": id,
    }
    if reason is not None:
        params["reason"] = reason
    return {
        "method": "PUT",
        "url": "/registry/agent/person/update",
        "params": params,
        "json": body.to_dict(),
    }


def parse(data: Any) -> UpdateResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return UpdateResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    body: PersonDomainInfo,
    id: str,
    reason: str | None = None,
) -> UpdateResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(
        **request(
            body=body,
            id=id,
            reason=reason,
        )
    )
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
    body: PersonDomainInfo,
    id: str,
    reason: str | None = None,
) -> UpdateResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            body=body,
            id=id,
            reason=reason,
        )
    )
    response.raise_for_status()
    return parse(response.json())
