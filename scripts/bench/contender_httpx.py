"""The yardstick of the catalogue benchmark: one pooled httpx client, raw calls, JSON and nothing else.

``python contender_httpx.py sync`` or ``async``; the goals are measured against ``sync``.
"""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.work import FETCHES, LIMIT, QUERY, handle, serve

AT_ONCE = 8
"""How many datasets are fetched at once: what somebody would write by hand."""

FETCH, LIST, SEARCH = "/registry/items/fetch-dataset", "/registry/items/list", "/search/entity-registry"
SEARCH_PARAMS: dict[str, str | int] = {"query": QUERY, "record_limit": LIMIT, "subtype_filter": "DATASET"}
OPTIONS: dict[str, Any] = {"headers": {"Authorization": "Bearer canned"}, "timeout": 60}


def read(answer: httpx.Response) -> Any:
    """The JSON of a good answer."""
    answer.raise_for_status()
    return answer.json()


class Blocking:
    """The jobs through ``httpx.Client``."""

    def __init__(self) -> None:
        self.client = cache(lambda url: httpx.Client(base_url=url, **OPTIONS))
        self._threads = ThreadPoolExecutor(AT_ONCE)

    def fetch_one(self, url: str, id: str) -> Any:
        """One dataset."""
        return read(self.client(url).get(FETCH, params={"handle_id": id}))["item"]

    def fetch(self, url: str) -> int:
        """Datasets one after the other."""
        return len([self.fetch_one(url, handle(number)) for number in range(FETCHES)])

    def together(self, url: str) -> int:
        """The same datasets, several at once."""
        return len(
            list(self._threads.map(lambda number: self.fetch_one(url, handle(number)), range(FETCHES)))
        )

    def list(self, url: str) -> int:
        """The whole catalogue, in pages of the service's default size."""
        items: list[Any] = []
        key = None
        while True:
            page = read(self.client(url).post(LIST, json={"pagination_key": key}))
            items += page["items"]
            key = page["pagination_key"]
            if key is None:
                return len(items)

    def search(self, url: str) -> int:
        """A search with its hits loaded."""
        hits = read(self.client(url).get(SEARCH, params=SEARCH_PARAMS))["results"]
        return len(list(self._threads.map(lambda hit: self.fetch_one(url, hit["id"]), hits)))


class Awaiting:
    """The jobs through ``httpx.AsyncClient``, on one loop."""

    def __init__(self) -> None:
        self.client = cache(lambda url: httpx.AsyncClient(base_url=url, **OPTIONS))
        self._runner = asyncio.Runner()

    async def fetch_one(self, url: str, id: str) -> Any:
        """One dataset."""
        return read(await self.client(url).get(FETCH, params={"handle_id": id}))["item"]

    def fetch(self, url: str) -> int:
        """Datasets one after the other."""

        async def run() -> int:
            return len([await self.fetch_one(url, handle(number)) for number in range(FETCHES)])

        return self._runner.run(run())

    def together(self, url: str) -> int:
        """The same datasets, several at once."""

        async def run() -> int:
            numbers = iter(range(FETCHES))

            async def work() -> int:
                return len([await self.fetch_one(url, handle(number)) for number in numbers])

            return sum(await asyncio.gather(*(work() for _ in range(AT_ONCE))))

        return self._runner.run(run())

    def list(self, url: str) -> int:
        """The whole catalogue, in pages of the service's default size."""

        async def run() -> int:
            items: list[Any] = []
            key = None
            while True:
                page = read(await self.client(url).post(LIST, json={"pagination_key": key}))
                items += page["items"]
                key = page["pagination_key"]
                if key is None:
                    return len(items)

        return self._runner.run(run())

    def search(self, url: str) -> int:
        """A search with its hits loaded."""

        async def run() -> int:
            hits = iter(read(await self.client(url).get(SEARCH, params=SEARCH_PARAMS))["results"])

            async def work() -> int:
                return len([await self.fetch_one(url, hit["id"]) for hit in hits])

            return sum(await asyncio.gather(*(work() for _ in range(AT_ONCE))))

        return self._runner.run(run())


if __name__ == "__main__":
    face = Awaiting() if sys.argv[1] == "async" else Blocking()
    jobs = {"fetch": face.fetch, "together": face.together, "list": face.list, "search": face.search}
    serve(jobs, f"httpx {httpx.__version__}")
