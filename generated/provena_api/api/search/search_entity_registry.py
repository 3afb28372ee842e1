"""Search the registry's text, best hits first. These may include hits that the caller may not read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models.item_sub_type import ItemSubType
from ...models.query_results import QueryResults
from ...types import plain

if TYPE_CHECKING:
    import httpx

__all__ = ("asyncio", "parse", "request", "sync")


def request(
    *,
    query: str,
    subtype_filter: ItemSubType | str | None = None,
    record_limit: int | None = None,
) -> dict[str, Any]:
    """Return the arguments for ``httpx.Client.request``.

    Args:
        query: Words to look for.
        subtype_filter: Only items of this kind; all kinds when left out.
        record_limit: The most hits to return; 10 when left out, and never more than 50.
    """
    params: dict[str, Any] = {
        "query": query,
    }
    if subtype_filter is not None:
        params["subtype_filter"] = plain(subtype_filter)
    if record_limit is not None:
        params["record_limit"] = record_limit
    return {
        "method": "GET",
        "url": "/search/entity-registry",
        "params": params,
    }


def parse(data: Any) -> QueryResults:
    """Read the decoded JSON of a 200 answer.

    Raises:
        KeyError: A required field is missing.
        TypeError: A value has the wrong type.
        ValueError: A date cannot be read.
    """
    return QueryResults.from_dict(data)


def sync(
    *,
    client: httpx.Client,
    query: str,
    subtype_filter: ItemSubType | str | None = None,
    record_limit: int | None = None,
) -> QueryResults:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = client.request(
        **request(
            query=query,
            subtype_filter=subtype_filter,
            record_limit=record_limit,
        )
    )
    response.raise_for_status()
    return parse(response.json())


async def asyncio(
    *,
    client: httpx.AsyncClient,
    query: str,
    subtype_filter: ItemSubType | str | None = None,
    record_limit: int | None = None,
) -> QueryResults:
    """Send the request and read its answer; an error status raises ``httpx.HTTPStatusError``."""
    response = await client.request(
        **request(
            query=query,
            subtype_filter=subtype_filter,
            record_limit=record_limit,
        )
    )
    response.raise_for_status()
    return parse(response.json())
