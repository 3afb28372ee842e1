"""The object store's server."""

from __future__ import annotations

import asyncio
from collections import deque

from provena_sdk.sandbox.object_store.access.grants import Grants
from provena_sdk.sandbox.object_store.activity import Activity
from provena_sdk.sandbox.object_store.connection import Connection
from provena_sdk.sandbox.object_store.faults import ObjectFaults
from provena_sdk.sandbox.object_store.http.request import RequestRecord
from provena_sdk.sandbox.object_store.service import Service
from provena_sdk.sandbox.object_store.storage.store import ObjectStore

MIN_PART_BYTES = 5 << 20


class Server:
    """A running server, as returned by :func:`serve`.

    Attributes:
        url: The base URL for S3 clients, without a slash at the end.
        store: The objects it serves.
        grants: The credentials it accepts.
        faults: The faults to inject.
        activity: The record of its requests.
    """

    def __init__(
        self,
        url: str,
        listener: asyncio.Server,
        service: Service,
        faults: ObjectFaults,
        activity: Activity,
    ) -> None:
        self.url = url
        self.store = service.store
        self.grants = service.grants
        self.faults = faults
        self.activity = activity
        self._listener = listener

    def __repr__(self) -> str:
        return f"<object store at {self.url}>"

    @property
    def requests(self) -> deque[RequestRecord]:
        """The latest requests, in the order of their answers."""
        return self.activity.requests

    async def close(self) -> None:
        """Stop listening and end every connection. The store keeps its objects."""
        self._listener.close()
        self.activity.closed = True
        for connection in list(self.activity.connections):
            connection.close()
        await self._listener.wait_closed()


async def serve(
    store: ObjectStore,
    grants: Grants,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    faults: ObjectFaults | None = None,
    min_part_bytes: int = MIN_PART_BYTES,
) -> Server:
    """Serve ``store`` over HTTP on the running event loop.

    Args:
        store: The buckets and objects; other threads may change them meanwhile.
        grants: The credentials to accept.
        host: The address to listen on.
        port: The port to listen on; 0 picks a free one.
        faults: The faults to inject; None means none yet.
        min_part_bytes: Smallest size of the parts of a multipart upload except the last, in bytes. Amazon S3
            requires 5 MiB; a test may use less.

    Returns:
        The running server. Await its ``close`` when done.

    Raises:
        OSError: The server cannot listen on this address.
    """
    loop = asyncio.get_running_loop()
    service = Service(store, grants, min_part_bytes=min_part_bytes)
    faults = ObjectFaults() if faults is None else faults
    activity = Activity()
    listener = await loop.create_server(
        lambda: Connection(service, faults, activity, loop), host, port, backlog=512
    )
    bound_host, bound_port = listener.sockets[0].getsockname()[:2]
    shown = f"[{bound_host}]" if ":" in bound_host else bound_host
    return Server(f"http://{shown}:{bound_port}", listener, service, faults, activity)
