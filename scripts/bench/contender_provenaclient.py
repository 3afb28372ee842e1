"""The peer of the catalogue benchmark; runs in an environment of its own.

It is given a token that stays good, so that its own way of signing in costs it nothing.
"""

from __future__ import annotations

import asyncio
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

from provenaclient import Config, ProvenaClient
from provenaclient.auth.manager import AuthManager
from provenaclient.utils.config import APIOverrides

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.work import FETCHES, LIMIT, QUERY, handle, serve

RUNNER = asyncio.Runner()


class StaticToken(AuthManager):
    """A token that stays good."""

    def get_token(self) -> str:
        """The token."""
        return "canned"

    def force_refresh(self) -> None:
        """Nothing to do."""


@cache
def client(url: str) -> ProvenaClient:
    """One client an address, kept."""
    overrides = APIOverrides(
        datastore_api_endpoint_override=url, search_api_endpoint_override=url, keycloak_endpoint_override=url
    )
    return ProvenaClient(StaticToken(), Config("localhost", "provena", overrides))


def fetch(url: str) -> int:
    """Datasets one after the other."""

    async def run() -> int:
        fetched = [await client(url).datastore.fetch_dataset(handle(number)) for number in range(FETCHES)]
        return sum(answer.item is not None for answer in fetched)

    return RUNNER.run(run())


def together(url: str) -> int:
    """The same datasets at once."""

    async def run() -> int:
        datastore = client(url).datastore
        return len(await asyncio.gather(*(datastore.fetch_dataset(handle(n)) for n in range(FETCHES))))

    return RUNNER.run(run())


def listing(url: str) -> int:
    """The whole catalogue."""

    async def run() -> int:
        return len(await client(url).datastore.list_all_datasets())

    return RUNNER.run(run())


def search(url: str) -> int:
    """A search with its hits loaded."""

    async def run() -> int:
        return len((await client(url).datastore.search_datasets(QUERY, limit=LIMIT)).items)

    return RUNNER.run(run())


if __name__ == "__main__":
    jobs = {"fetch": fetch, "together": together, "list": listing, "search": search}
    serve(jobs, f"provenaclient {version('provenaclient')}")
