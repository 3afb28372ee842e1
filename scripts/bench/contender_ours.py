"""Ours in the catalogue benchmark: ``python contender_ours.py sync`` or ``async``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path[:0] = [
    str(Path(__file__).resolve().parents[2]),
    str(Path(__file__).resolve().parents[2] / "generated"),
]

from provena_sdk import AsyncProvena, Deployment, Provena, __version__  # noqa: E402
from scripts.bench.work import FETCHES, LIMIT, QUERY, handle, serve  # noqa: E402


def deployment(url: str) -> Deployment:
    """The canned service as a deployment."""
    return Deployment("localhost", datastore=url, search=url, issuer=url)


class Blocking:
    """The jobs through ``Provena``."""

    def __init__(self) -> None:
        self._clients: dict[str, Provena] = {}

    def client(self, url: str) -> Provena:
        """One client an address, kept."""
        if url not in self._clients:
            self._clients[url] = Provena(deployment(url), access_token="canned")
        return self._clients[url]

    def fetch(self, url: str) -> int:
        """Datasets one after the other."""
        datastore = self.client(url).datastore
        fetched = [datastore.fetch_dataset(handle(number)) for number in range(FETCHES)]
        return sum(answer.item is not None for answer in fetched)

    def together(self, url: str) -> int:
        """The same datasets at once."""
        return len(self.client(url).datastore.fetch_datasets(map(handle, range(FETCHES))))

    def list(self, url: str) -> int:
        """The whole catalogue."""
        return len(self.client(url).datastore.list_all_datasets())

    def search(self, url: str) -> int:
        """A search with its hits loaded."""
        return len(self.client(url).datastore.search_datasets(QUERY, limit=LIMIT).items)


class Awaiting:
    """The jobs through ``AsyncProvena``, on one loop."""

    def __init__(self) -> None:
        self._clients: dict[str, AsyncProvena] = {}
        self._runner = asyncio.Runner()

    def client(self, url: str) -> AsyncProvena:
        """One client an address, kept."""
        if url not in self._clients:
            self._clients[url] = AsyncProvena(deployment(url), access_token="canned")
        return self._clients[url]

    def fetch(self, url: str) -> int:
        """Datasets one after the other."""

        async def run() -> int:
            datastore = self.client(url).datastore
            fetched = [await datastore.fetch_dataset(handle(number)) for number in range(FETCHES)]
            return sum(answer.item is not None for answer in fetched)

        return self._runner.run(run())

    def together(self, url: str) -> int:
        """The same datasets at once."""

        async def run() -> int:
            return len(await self.client(url).datastore.fetch_datasets(map(handle, range(FETCHES))))

        return self._runner.run(run())

    def list(self, url: str) -> int:
        """The whole catalogue."""

        async def run() -> int:
            return len(await self.client(url).datastore.list_all_datasets())

        return self._runner.run(run())

    def search(self, url: str) -> int:
        """A search with its hits loaded."""

        async def run() -> int:
            return len((await self.client(url).datastore.search_datasets(QUERY, limit=LIMIT)).items)

        return self._runner.run(run())


if __name__ == "__main__":
    face = Awaiting() if sys.argv[1] == "async" else Blocking()
    jobs = {"fetch": face.fetch, "together": face.together, "list": face.list, "search": face.search}
    serve(jobs, f"provena-sdk {__version__}")
