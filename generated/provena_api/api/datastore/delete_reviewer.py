"""Remove a user from the reviewers. An unknown id is not an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...types import wrong_type

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    reviewer_id: str,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        reviewer_id: Handle of the reviewer's person record.
    """
    params: dict[str, Any] = {
        "reviewer_id": reviewer_id,
    }
    return {
        "method": "DELETE",
        "url": "/release/sys-reviewers/delete",
        "params": params,
    }


def parse(data: Any) -> None:
    """Read the decoded JSON of a 200 answer.

    Raises:
        TypeError: A value has the wrong type.
    """
    if data is not None:
        raise wrong_type("delete_reviewer", "null", data)


def sync(
    *,
    client: httpx.Client,
    reviewer_id: str,
) -> None:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(
        **request(
            reviewer_id=reviewer_id,
        )
    )
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
    reviewer_id: str,
) -> None:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            reviewer_id=reviewer_id,
        )
    )
    response.raise_for_status()
    return parse(response.json())
