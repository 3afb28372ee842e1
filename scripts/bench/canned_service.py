"""A datastore and search service that answers from bytes made beforehand.

``python scripts/bench/canned_service.py PAYLOAD LATENCY…`` reads one dataset from the JSON file PAYLOAD, serves a
catalogue of 1,000 like it on one port for each latency (in milliseconds), prints the ports as JSON, and stops when
its input closes. It checks nothing and says yes to everyone: what is measured is the client.
"""

from __future__ import annotations

import asyncio
import json
import sys
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs

import httptools

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.work import handle

CATALOGUE = 1000
HITS = 25

Json = dict[str, Any]


class Catalogue:
    """Every answer, as bytes.

    Args:
        dataset: The dataset that all are like.
    """

    def __init__(self, dataset: Json) -> None:
        self._items = [
            _dump({**dataset, "id": handle(number), "display_name": f"Dataset {number:04}"})
            for number in range(CATALOGUE)
        ]
        status = b'{"status":{"success":true,"details":"Successfully fetched."},'
        self._fetched = {
            handle(number): status + b'"item":' + item + b',"roles":["metadata-read"],"locked":false}'
            for number, item in enumerate(self._items)
        }
        hits = [{"id": handle(number * 7), "score": round(20 - number / 3, 4)} for number in range(HITS)]
        self._search = _dump(
            {"status": {"success": True, "details": "OK"}, "results": hits, "warnings": None}
        )

    def answer(self, method: str, target: bytes, body: bytes) -> tuple[int, bytes]:
        """Return status and body for one request."""
        path, _, query = target.decode("ascii").partition("?")
        if path == "/registry/items/fetch-dataset" and method == "GET":
            found = self._fetched.get(parse_qs(query).get("handle_id", [""])[0])
            return (400, b'{"detail":"No such dataset."}') if found is None else (200, found)
        if path == "/registry/items/list" and method == "POST":
            asked = json.loads(body)
            key = asked.get("pagination_key")
            start = 0 if key is None else int(key["id"].rpartition("/")[2]) - 2_000_000 + 1
            size = asked.get("page_size")
            return 200, self._page(start, 20 if size is None else size)
        if path == "/search/entity-registry" and method == "GET":
            return 200, self._search
        return 404, b'{"detail":"Not Found"}'

    @lru_cache(maxsize=512)  # noqa: B019 - one catalogue lives as long as the process
    def _page(self, start: int, size: int) -> bytes:
        items = self._items[start : start + size]
        stop = start + len(items)
        counts = {
            "total_item_count": len(items),
            "complete_item_count": len(items),
            "seed_item_count": 0,
            "unparsable_item_count": 0,
            "not_authorised_count": 0,
        }
        key = {"id": handle(stop - 1), "item_subtype": "DATASET", "updated_timestamp": 1_700_000_000}
        rest: Json = {
            "seed_items": [],
            "unparsable_items": [],
            **counts,
            "pagination_key": key if stop < CATALOGUE else None,
        }
        head = b'{"status":{"success":true,"details":"Successfully listed."},"items":['
        return head + b",".join(items) + b"]," + _dump(rest)[1:]


def _dump(data: Json) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()


class Connection(asyncio.Protocol):
    """One keep-alive connection; every answer waits ``latency`` seconds."""

    def __init__(self, catalogue: Catalogue, latency: float) -> None:
        self._catalogue = catalogue
        self._latency = latency
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection in."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Read what arrived."""
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        """Start a request."""
        self._target = self._body = b""

    def on_url(self, url: bytes) -> None:
        """Take in the target."""
        self._target += url

    def on_body(self, body: bytes) -> None:
        """Take in a piece of the body."""
        self._body += body

    def on_message_complete(self) -> None:
        """Answer."""
        method = self._parser.get_method().decode("ascii")
        status, body = self._catalogue.answer(method, self._target, self._body)
        head = b"HTTP/1.1 %d Answer\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        data = head % (status, len(body)) + body
        if self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._transport.write, data)
        else:
            self._transport.write(data)


async def main(catalogue: Catalogue, latencies: list[int]) -> None:
    """Serve until the input closes."""
    loop = asyncio.get_running_loop()
    urls = {}
    for latency in latencies:
        made = partial(Connection, catalogue, latency / 1000)
        server = await loop.create_server(made, "127.0.0.1", 0)
        urls[latency] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    print(json.dumps(urls), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    canned = Catalogue(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    asyncio.run(main(canned, [int(argument) for argument in sys.argv[2:]]))
