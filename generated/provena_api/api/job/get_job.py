"""Fetch one of the caller's own jobs. Just after its id was given out it may still be unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.get_job_response import GetJobResponse

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    session_id: str,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        session_id: Id of the job.
    """
    params: dict[str, Any] = {
        "session_id": session_id,
    }
    return {
        "method": "GET",
        "url": "/jobs/user/fetch",
        "params": params,
    }


def parse(data: Any) -> GetJobResponse:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return GetJobResponse.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    session_id: str,
) -> GetJobResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(
        **request(
            session_id=session_id,
        )
    )
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
    session_id: str,
) -> GetJobResponse:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            session_id=session_id,
        )
    )
    response.raise_for_status()
    return parse(response.json())
