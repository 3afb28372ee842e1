"""A running object store with one bucket, and clients for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from provena_sdk.sandbox.object_store import Grant, Grants, ObjectStore, Server, TemporaryCredentials, serve

BUCKET = "reef"
SESSION = get_session()
"""Shared, because reading S3's service model takes longer than most tests."""


@dataclass
class Answer:
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Running:
    """A server and ways to speak to it."""

    server: Server
    store: ObjectStore
    grants: Grants
    bucket: str = BUCKET
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def client(self, keys: Grant | TemporaryCredentials | None = None, **config: Any) -> Any:
        """Return an aiobotocore client with the given keys, by default the root pair."""
        keys = keys or self.grants.root
        settings: dict[str, Any] = {
            "retries": {"total_max_attempts": 1},
            "s3": {"addressing_style": "path"},
            "signature_version": "s3v4",
        }
        opened = SESSION.create_client(
            "s3",
            region_name="ap-southeast-2",
            endpoint_url=self.server.url,
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            aws_session_token=keys.session_token,
            config=AioConfig(**(settings | config)),
        )
        return await self.stack.enter_async_context(opened)

    def signed(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        data: bytes = b"",
        keys: Grant | TemporaryCredentials | None = None,
        payload: str | None = None,
    ) -> dict[str, str]:
        """Return headers signed by botocore for a path as it goes over the wire."""
        keys = keys or self.grants.root
        request = AWSRequest(method, self.server.url + path, headers=headers or {}, data=data)
        if payload is not None:
            request.headers["x-amz-content-sha256"] = payload
            request.context["payload_signing_enabled"] = True
        token = keys.session_token
        credentials = Credentials(keys.access_key_id, keys.secret_access_key, token)
        signer = S3SigV4Auth(credentials, "s3", "ap-southeast-2")
        if payload is not None:
            signer.payload = lambda request: payload
        signer.add_auth(request)
        return dict(request.headers.items())

    async def raw(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        data: bytes = b"",
        *,
        reader: asyncio.StreamReader | None = None,
        writer: asyncio.StreamWriter | None = None,
    ) -> Answer:
        """Send one request as it is, on a connection of its own or on one that is open."""
        own = writer is None
        if reader is None or writer is None:
            reader, writer = await self.connect()
        host = urlsplit(self.server.url).netloc
        lines = {"Host": host, **(headers or {})}
        if data or method in ("PUT", "POST"):
            lines.setdefault("Content-Length", str(len(data)))
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + data)
        answer = await read_answer(reader, method)
        if own:
            writer.close()
        return answer

    async def signed_raw(
        self, method: str, path: str, headers: dict[str, str] | None = None, data: bytes = b"", **more: Any
    ) -> Answer:
        """Sign and send one request."""
        return await self.raw(
            method, path, self.signed(method, path, headers=headers, data=data, **more), data
        )

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection."""
        parts = urlsplit(self.server.url)
        return await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 24)

    def path(self, key: str) -> str:
        """Return the path of a key, encoded."""
        return f"/{self.bucket}/{quote(key, safe='/~')}"


async def read_answer(reader: asyncio.StreamReader, method: str = "GET") -> Answer:
    """Read one answer."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    status_line, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status = int(status_line.split()[1])
    length = 0 if method == "HEAD" or status in (100, 204, 304) else int(headers["content-length"])
    return Answer(status, headers, await reader.readexactly(length))


Start = Callable[..., Awaitable[Running]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Return a function that starts a server; all are closed at the end."""
    async with AsyncExitStack() as stack:

        async def begin(store: ObjectStore | None = None, **options: Any) -> Running:
            store = store or ObjectStore()
            store.create_bucket(BUCKET)
            grants = options.pop("grants", None) or Grants()
            server = await serve(store, grants, **options)
            running = Running(server, store, grants)
            stack.callback(store.close)
            stack.push_async_callback(server.close)
            await stack.enter_async_context(running.stack)
            return running

        yield begin


@pytest.fixture
async def running(start: Start) -> Running:
    """Return a server with an empty bucket."""
    return await start()
